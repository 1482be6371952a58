"""Importing this module registers the calls about consoles and tunnels."""

from __future__ import annotations

from setpoint_lab.proxmox.console import ct_calls, tunnels, vm_calls

__all__ = ["HANDLERS"]

HANDLERS = (ct_calls, tunnels, vm_calls)
"""The modules that hold handlers."""
