"""Replication of guests' volumes between nodes: the jobs and what each node says of them. No run is emulated."""
