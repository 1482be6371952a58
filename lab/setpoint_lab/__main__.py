"""Runs the verb `lab` without the engine: `python -m setpoint_lab serve proxmox --port 0`."""

from setpoint_lab.cli import lab

if __name__ == "__main__":
    lab()
