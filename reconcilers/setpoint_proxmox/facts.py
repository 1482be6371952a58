"""What a survey of a cluster tells its kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint_proxmox.access import Privilege


@dataclass(frozen=True)
class Guest:
    """A guest as the cluster's list tells it; `kind` is `qemu` or `lxc`, `lock` is empty when it has none."""

    vmid: int
    kind: str
    node: str
    tags: frozenset[str]
    lock: str


@dataclass(frozen=True)
class Facts:
    """One look at a cluster.

    Attributes:
        cluster: its name; empty for a node that never joined one.
        nodes: name -> whether it is online.
        blind: a sentence why guests may be hidden from us; empty when every guest was seen.
        vmids: first and last id that we may give to a new guest.
        endpoint: who answered.
    """

    version: str
    cluster: str
    quorate: bool
    nodes: Mapping[str, bool]
    guests: Mapping[int, Guest]
    missing: tuple[Privilege, ...]
    blind: str
    vmids: tuple[int, int]
    endpoint: str
    token: str
