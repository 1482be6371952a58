"""What the daemon shows: logs and the socket."""
