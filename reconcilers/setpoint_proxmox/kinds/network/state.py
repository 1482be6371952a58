"""What is seen of a network: its zone, vnets and subnets as they run and as they are staged, and what each node made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.identity import Mark
from setpoint.model.kind import Outputs, Problem
from setpoint.model.spec import described
from setpoint.model.tree import Json
from setpoint_proxmox.mark import parse_inline
from setpoint_proxmox.sdn import MARK, Section

AVAILABLE = "available"
"""What a node says of a zone that it has made its interfaces for."""


@dataclass(frozen=True)
class Standing:
    """What one node has made of the zone.

    Attributes:
        status: `available`, `pending`, `error`; empty when it cannot be told.
        why: a sentence where it is not available.
        vnets: per vnet that is not available, why; empty when the node tells of the zone alone.
    """

    status: str
    why: str = ""
    vnets: Mapping[str, str] | None = None

    def trouble(self, vnet: str) -> str:
        """What is wrong with a vnet on this node; empty for nothing, or when that is not known."""
        if self.status in ("", AVAILABLE):
            return ""
        if self.vnets:
            return self.vnets.get(vnet, "")
        return f"{self.status}: {self.why}" if self.why else self.status


@dataclass(frozen=True)
class NetworkState:
    """A zone as the cluster and its nodes tell of it.

    Attributes:
        vnets: those in the zone.
        subnets: by vnet and CIDR.
        nodes: by name, those that are to have the zone.
        foreign: what is staged and does not belong to the zone, or not to us; applying ours would apply it, too.
        elsewhere: every other vnet of the cluster, with its zone.
    """

    zone: str
    settings: Section
    vnets: Mapping[str, Section]
    subnets: Mapping[str, Mapping[str, Section]]
    nodes: Mapping[str, Standing]
    foreign: tuple[str, ...]
    elsewhere: Mapping[str, str]

    @property
    def mark(self) -> Mark | None:
        """Whose it is: the mark of its vnets. Where several differ, the least in order, so that it stays the same."""
        marks = {mark for mark in self.marks.values() if mark is not None}
        return min(marks, key=lambda mark: (mark.estate, str(mark.key), mark.object_id), default=None)

    @property
    def marks(self) -> dict[str, Mark | None]:
        """The mark of each vnet."""
        return {name: parse_inline(vnet.option("alias"), MARK) for name, vnet in self.vnets.items()}


class NetworkOutputs(Outputs):
    """What a network publishes."""

    zone: str | None = described("The zone's id.", None)
    vnets: tuple[str, ...] = described("The ids of its vnets, the bridges that guests name.", ())


def outputs(state: NetworkState) -> NetworkOutputs:
    """The ids."""
    return NetworkOutputs(zone=state.zone, vnets=tuple(sorted(state.vnets)))


def status(state: NetworkState) -> dict[str, Json]:
    """What `status` shows."""
    return {
        "zone": state.zone,
        "nodes": {name: standing.status or "unknown" for name, standing in sorted(state.nodes.items())},
        "vnets": list[Json](sorted(state.vnets)),
    }


def problems(state: NetworkState) -> tuple[Problem, ...]:
    """The nodes on which it is not there, and those of which nobody knows."""
    found: list[Problem] = []
    for name, standing in sorted(state.nodes.items()):
        if standing.status == AVAILABLE:
            continue
        if not standing.status:
            found.append(
                Problem("NodeUnknown", f"whether zone {state.zone} is on {name} is not known: {standing.why}")
            )
        else:
            told = "; ".join(dict.fromkeys((standing.vnets or {}).values())) or standing.why
            why = f"{standing.status}: {told}" if told and not told.startswith(standing.status) else told
            found.append(
                Problem("NodeFailed", f"zone {state.zone} is not on {name}: {why or standing.status}")
            )
    return tuple(found)
