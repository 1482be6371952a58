"""Software-defined networks: an edited and a running configuration, and what each node has made of the latter."""
