"""Importing this module registers every call and the reader of containers."""

from __future__ import annotations

from setpoint_lab.proxmox.lxc import (
    clone,
    config_calls,
    container,
    create,
    destroy,
    features,
    interfaces,
    lists,
    migrate_calls,
    snapshots,
    status_calls,
    volume_calls,
)

__all__ = ["HANDLERS"]

HANDLERS = (
    clone,
    config_calls,
    container,
    create,
    destroy,
    features,
    interfaces,
    lists,
    migrate_calls,
    snapshots,
    status_calls,
    volume_calls,
)
"""The modules that hold handlers."""
