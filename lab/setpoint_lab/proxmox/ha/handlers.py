"""The modules that answer requests about high availability, and those that the manager stands before."""

from __future__ import annotations

from setpoint_lab.proxmox.ha import guest_calls, resource_calls, rule_calls, status_calls

HANDLERS = (guest_calls, resource_calls, rule_calls, status_calls)
"""Importing them fills the table of routes."""
