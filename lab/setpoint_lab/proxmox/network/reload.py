"""Lets a node make its interfaces anew, by itself or for an apply of the whole cluster, and lets that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.errors import TaskError
from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.network.interfaces import Networks
from setpoint_lab.proxmox.sdn.model import Sdn
from setpoint_lab.proxmox.which import limits

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.world import World

RELOAD_SECONDS = 0.5
LOOK_SECONDS = 0.1
FAILED = "command 'ifreload -a' failed: exit code 1"


def start_reload(call: Call, node: str) -> str:
    """Reload a node's interfaces in a task of that node; gives its UPID."""
    world = call.world

    async def work(_log: TaskLog) -> None:
        await world.clock.sleep(RELOAD_SECONDS)
        complaint = _strike(world, node)
        if complaint is not None:
            raise TaskError(complaint)
        world.part(Networks).load(node)
        world.part(Sdn).load(node)

    return world.tasks.start(call, node, "srvreload", "networking", work)


async def reload_node(call: Call, node: str, log: TaskLog) -> None:
    """Reload a node for the whole cluster and wait for it; what goes wrong is a line of the log and nothing more.

    The words for a node that cannot be reached were not recorded.
    """
    world = call.world
    member = world.nodes[node]
    if not member.online:
        log(f"ssh: connect to host {member.ip} port 22: No route to host")
        return
    task = world.tasks.find(start_reload(call, node))
    while task is not None and task.running:
        await world.clock.sleep(LOOK_SECONDS)
    if task is not None and task.exitstatus not in {None, "OK"}:
        log(str(task.exitstatus))


def _strike(world: World, node: str) -> str | None:
    """Why this reload fails; None when it does not."""
    for failure in world.part(Networks).failures:
        line = failure(node)
        if line is not None:
            return line
    return None


@lab_event("apply_fails")
async def fail_apply(world: World, spec: Mapping[str, Any]) -> None:
    """`{"node"?: node, "log_line"?: text, "count"?, "for_s"?, "share"?}`: the node's next reload fails with that line.

    Without `node` it is the next reload of any. What was to run is committed all the same, and the task that applies
    for the whole cluster ends well: only the node's own status tells.
    """
    networks, strikes = world.part(Networks), limits(world, spec)
    node, line = spec.get("node"), str(spec.get("log_line", FAILED))

    def failure(reloaded: str) -> str | None:
        return line if node in {None, reloaded} and strikes.strike(world) else None

    networks.failures.append(failure)
    world.mending.append(networks.failures.clear)
