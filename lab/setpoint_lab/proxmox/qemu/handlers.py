"""Importing this module registers every call, reader and event of VMs."""

from __future__ import annotations

from setpoint_lab.proxmox.qemu import (
    behaviour,
    cloudinit_calls,
    config_calls,
    create,
    destroy,
    disk_calls,
    guest,
    lists,
    lock_events,
    status_calls,
)

__all__ = ["HANDLERS"]

HANDLERS = (
    behaviour,
    cloudinit_calls,
    config_calls,
    create,
    destroy,
    disk_calls,
    guest,
    lists,
    lock_events,
    status_calls,
)
"""The modules that hold handlers."""
