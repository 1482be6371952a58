"""Importing this module registers every call about replication."""

from __future__ import annotations

from setpoint_lab.proxmox.replication import job_calls, node_calls

__all__ = ["HANDLERS"]

HANDLERS = (job_calls, node_calls)
"""The modules that hold handlers."""
