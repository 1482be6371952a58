"""The modules that answer requests about firewalls."""

from __future__ import annotations

from setpoint_lab.proxmox.firewall import option_calls, rule_calls, set_calls

HANDLERS = (option_calls, rule_calls, set_calls)
"""Importing them fills the table of routes."""
