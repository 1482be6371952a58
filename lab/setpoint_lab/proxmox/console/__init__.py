"""Consoles and tunnels of guests: tickets, ports and sockets are handed out as real ones are, and nothing listens there."""
