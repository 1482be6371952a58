"""What the kinds of a cluster share: its client, the range of new vmids, and the marks read so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from setpoint.model.identity import Mark
from setpoint_proxmox.client import Client
from setpoint_proxmox.facts import Guest


@dataclass(frozen=True)
class Cluster:
    """A connected cluster.

    Attributes:
        vmids: first and last id that we may give to a new guest.
        marks: per vmid, the guest as it was listed when its mark was read; another listing reads it again.
    """

    api: Client
    vmids: tuple[int, int]
    marks: dict[int, tuple[Guest, Mark | None]] = field(default_factory=dict[int, tuple[Guest, Mark | None]])
