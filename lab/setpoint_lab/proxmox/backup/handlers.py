"""Importing this module registers every call about backups and the jobs that make them."""

from __future__ import annotations

from setpoint_lab.proxmox.backup import coverage, dump_calls, job_calls, prune_calls

__all__ = ["HANDLERS"]

HANDLERS = (coverage, dump_calls, job_calls, prune_calls)
"""The modules that hold handlers."""
