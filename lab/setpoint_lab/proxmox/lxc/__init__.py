"""LXC containers of the emulated cluster."""
