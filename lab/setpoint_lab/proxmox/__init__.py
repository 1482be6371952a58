"""An emulator of the Proxmox VE 9.2 HTTP API: a process that answers as the real daemons were recorded to."""
