"""What virtual machines and containers have in common, because Proxmox does; where they differ, their kinds say how."""
