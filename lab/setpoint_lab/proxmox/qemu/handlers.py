"""Importing this module registers every call, reader and event of VMs."""

from __future__ import annotations

from setpoint_lab.proxmox import behaviour, guest_events
from setpoint_lab.proxmox.qemu import (
    agent_calls,
    agent_files,
    capabilities,
    clone,
    cloudinit_calls,
    config_calls,
    create,
    destroy,
    disk_calls,
    guest,
    lists,
    migrate_calls,
    monitor_calls,
    rrd_calls,
    snapshot_calls,
    status_calls,
    template,
)

__all__ = ["HANDLERS"]

HANDLERS = (
    guest_events,
    agent_calls,
    agent_files,
    behaviour,
    capabilities,
    clone,
    cloudinit_calls,
    config_calls,
    create,
    destroy,
    disk_calls,
    guest,
    lists,
    migrate_calls,
    monitor_calls,
    rrd_calls,
    snapshot_calls,
    status_calls,
    template,
)
"""The modules that hold handlers."""
