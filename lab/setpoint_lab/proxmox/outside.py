"""Events that hit nodes, daemons and workers from outside the API; events of guests are with the guests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.tasks import Failure
from setpoint_lab.proxmox.which import limits

if TYPE_CHECKING:
    from setpoint_lab.proxmox.tasks import Task
    from setpoint_lab.proxmox.world import Node, World

Spec = Mapping[str, Any]


def _task(world: World, spec: Spec) -> Task:
    task = world.tasks.find(str(spec["upid"]))
    if task is None:
        raise ValueError(f"there is no task {spec['upid']}")
    return task


def _node(world: World, spec: Spec, key: str = "node") -> Node:
    return world.nodes[str(spec.get(key, world.local))]


@lab_event("task_fails")
async def fail_task(world: World, spec: Spec) -> None:
    """`{"exitstatus": text, "upid"?: UPID, "type"?: "qmclone", "count"?, "for_s"?, "share"?}`.

    This task, or the next to start that is meant, cleans up and ends so.
    """
    if spec.get("upid"):
        world.tasks.fail(_task(world, spec), str(spec["exitstatus"]))
    else:
        strikes, kind = limits(world, spec), spec.get("type")
        failure = Failure(
            str(spec["exitstatus"]), None if kind is None else str(kind), lambda: strikes.strike(world)
        )
        world.tasks.failures.append(failure)


@lab_event("kill_worker")
async def kill_worker(world: World, spec: Spec) -> None:
    """`{"upid": UPID}`: the worker is gone at once and cleans nothing up."""
    world.tasks.kill(_task(world, spec))


@lab_event("node_offline")
async def lose_node(world: World, spec: Spec) -> None:
    """`{"value": node, "quorum"?: bool}`: the node cannot be reached any more."""
    _node(world, spec, "value").online = False
    world.quorate = bool(spec.get("quorum", world.quorate))


@lab_event("node_online")
async def regain_node(world: World, spec: Spec) -> None:
    """`{"value": node, "quorum"?: bool}`: the node is back."""
    _node(world, spec, "value").online = True
    world.quorate = bool(spec.get("quorum", True))


@lab_event("quorum")
async def set_quorum(world: World, spec: Spec) -> None:
    """`{"value": bool}`: whether the asked node sees enough others."""
    world.quorate = bool(spec["value"])


@lab_event("service_stop")
async def stop_service(world: World, spec: Spec) -> None:
    """`{"value": "pvedaemon" | "pveproxy", "node": node}`: the daemon takes no connections."""
    _node(world, spec).stopped.add(str(spec["value"]))


@lab_event("service_start")
async def start_service(world: World, spec: Spec) -> None:
    """`{"value": daemon, "node": node}`: the daemon is back."""
    _node(world, spec).stopped.discard(str(spec["value"]))


@lab_event("service_restart")
async def restart_service(world: World, spec: Spec) -> None:
    """`{"value": daemon, "node": node}`: a restart of pvedaemon interrupts the workers of its node."""
    node = _node(world, spec)
    node.stopped.discard(str(spec["value"]))
    for task in world.tasks.running():
        if task.upid.node == node.name and spec["value"] == "pvedaemon":
            world.tasks.interrupt(task)
