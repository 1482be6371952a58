"""The interfaces of the nodes, what is written for them and not loaded yet, and their reload."""
