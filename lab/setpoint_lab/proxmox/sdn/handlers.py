"""The modules that answer requests about networks."""

from __future__ import annotations

from setpoint_lab.proxmox.sdn import (
    apply_calls,
    node_calls,
    other_calls,
    subnet_calls,
    vnet_calls,
    zone_calls,
)

HANDLERS = (apply_calls, node_calls, other_calls, subnet_calls, vnet_calls, zone_calls)
"""Importing them fills the table of routes."""
