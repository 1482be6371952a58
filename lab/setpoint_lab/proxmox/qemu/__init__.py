"""Virtual machines of the emulated cluster: their config text, their disks and nics, and every call below /qemu."""
