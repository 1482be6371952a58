"""The way to a NetBox: one connection, one request at a time, and what an answer means."""
