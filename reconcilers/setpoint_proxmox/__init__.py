"""What Setpoint knows about Proxmox VE."""
