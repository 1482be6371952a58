"""What every act needs: the guest's path and id, the task in the answer, and that a guest of ours is being made."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from setpoint.model.errors import OutcomeUnknownError, TargetError
from setpoint.model.kind import Acting
from setpoint.model.plan import Started
from setpoint.model.tree import Json
from setpoint_proxmox.answer import operation
from setpoint_proxmox.client import Part
from setpoint_proxmox.cluster import Cluster


def started(answer: Json) -> Started:
    """The operation that a call began."""
    return Started(operation(answer))


def path_of(acting: Acting) -> tuple[Part, ...]:
    """The path of the VM."""
    return ("nodes", node_of(acting), "qemu", vmid_of(acting))


def node_of(acting: Acting) -> str:
    """The node that the step names."""
    return str(acting.arguments["node"])


def vmid_of(acting: Acting) -> int:
    """The id of the VM."""
    return int(str(acting.identity["vmid"]))


@contextmanager
def making(cluster: Cluster, vmid: int) -> Generator[int]:
    """Know of a guest without a mark under `vmid` that it is ours, unless it certainly was not made."""
    cluster.making.add(vmid)
    try:
        yield vmid
    except OutcomeUnknownError:
        raise
    except TargetError:
        cluster.making.discard(vmid)
        raise
