"""Where the emulator's parts come together: importing this module fills the tables of routes, readers and events."""

from __future__ import annotations

from setpoint_lab.proxmox.handlers import (
    ticket,
    version,
)
from setpoint_lab.proxmox.indexes import register_indexes
from setpoint_lab.proxmox.lab import Lab, Settings
from setpoint_lab.proxmox.qemu import handlers as qemu
from setpoint_lab.proxmox.server import listen

__all__ = ["HANDLERS", "Lab", "Settings", "listen"]

HANDLERS = (ticket, version, *qemu.HANDLERS)
"""The modules that hold handlers."""

register_indexes()
