"""The effects on a VM, one function per verb. Each sends one call; what came of it is observed, not assumed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.identity import Mark
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Started
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import operation, records
from setpoint_proxmox.client import Part
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine.project import is_nic_slot
from setpoint_proxmox.kinds.virtual_machine.strings import NicText
from setpoint_proxmox.mark import with_mark

SHUTDOWN_SECONDS = 180
"""How long a guest may take to shut down."""


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make a VM under its reserved id; it bears our mark from its first moment."""
    config = _config(acting)
    await _check_bridges(cluster, _node(acting), config)
    vmid = _vmid(acting)
    mark = Mark(acting.owner.estate, acting.owner.key, str(vmid))
    description = with_mark(str(acting.arguments["description"]), mark)
    path = ("nodes", _node(acting), "qemu")
    return _started(await cluster.api.post(*path, vmid=vmid, description=description, **config))


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write options, all in one call; refused when somebody else wrote since they were read.

    It is the asynchronous form, for allocating a disk can take longer than a proxied call may.
    """
    config = _config(acting)
    await _check_bridges(cluster, _node(acting), config)
    digest = str(acting.arguments["digest"])
    return _started(await cluster.api.post(*_path(acting), "config", digest=digest, **config))


async def resize(cluster: Cluster, acting: Acting) -> ActResult:
    """Grow a disk to an absolute size, so that a repetition does nothing."""
    names = ("digest", "disk", "size")
    values: dict[str, Scalar] = {name: str(acting.arguments[name]) for name in names}
    return _started(await cluster.api.put(*_path(acting), "resize", **values))


async def start(cluster: Cluster, acting: Acting) -> ActResult:
    """Switch on; what waited for a restart takes effect."""
    return _started(await cluster.api.post(*_path(acting), "status", "start"))


async def resume(cluster: Cluster, acting: Acting) -> ActResult:
    """Let a paused VM go on."""
    return _started(await cluster.api.post(*_path(acting), "status", "resume"))


async def shutdown(cluster: Cluster, acting: Acting) -> ActResult:
    """Ask the guest to shut down; switch it off afterwards only when that was declared."""
    force = acting.arguments["force"] is True
    path = (*_path(acting), "status", "shutdown")
    return _started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS, forceStop=force))


async def restart(cluster: Cluster, acting: Acting) -> ActResult:
    """Shut down and start again in one task; a reset from inside would not apply what waits."""
    path = (*_path(acting), "status", "reboot")
    return _started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS))


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "resize": resize,
    "start": start,
    "resume": resume,
    "shutdown": shutdown,
    "restart": restart,
}


async def _check_bridges(cluster: Cluster, node: str, config: Mapping[str, Scalar]) -> None:
    """Refuse a bridge that the node does not have: Proxmox takes it and fails only at the VM's start."""
    nics = [NicText.parse(str(text)) for option, text in config.items() if is_nic_slot(option)]
    wanted = {nic.bridge for nic in nics if nic.bridge is not None}
    if not wanted:
        return
    rows = records(await cluster.api.get("nodes", node, "network", type="any_bridge"))
    known = {str(row["iface"]) for row in rows}
    lacking = ", ".join(sorted(wanted - known))
    if lacking:
        raise RefusalError(
            f"node {node} has no bridge {lacking} that {cluster.api.token} may use",
            remedy=f"it has {', '.join(sorted(known)) or 'none'}",
        )


def _config(acting: Acting) -> dict[str, Scalar]:
    config = acting.arguments["config"]
    assert isinstance(config, dict)  # noqa: S101  # the plan made it
    return {option: _scalar(value) for option, value in config.items()}


def _scalar(value: Json) -> Scalar:
    assert not isinstance(value, list | dict)  # noqa: S101  # the plan made it
    return value


def _started(answer: Json) -> Started:
    return Started(operation(answer))


def _path(acting: Acting) -> tuple[Part, ...]:
    return ("nodes", _node(acting), "qemu", _vmid(acting))


def _node(acting: Acting) -> str:
    return str(acting.arguments["node"])


def _vmid(acting: Acting) -> int:
    return int(str(acting.identity["vmid"]))
