"""Importing this module registers every call about backups and the jobs that make them."""

from __future__ import annotations

from setpoint_lab.proxmox.backup import coverage, job_calls, prune_calls

__all__ = ["HANDLERS"]

HANDLERS = (coverage, job_calls, prune_calls)
"""The modules that hold handlers."""
