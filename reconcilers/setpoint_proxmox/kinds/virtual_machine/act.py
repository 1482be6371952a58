"""The effects on a VM, one function per verb. Each sends one call; what came of it is observed, not assumed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest.act import (
    acts_on,
    config_of,
    making,
    marked,
    node_of,
    path_of,
    removed_of,
    started,
    texts_of,
    vmid_of,
)
from setpoint_proxmox.guest.act_clone import cloning
from setpoint_proxmox.guest.check import check_bridges, check_storages
from setpoint_proxmox.guest.words import MACHINE
from setpoint_proxmox.kinds.virtual_machine.act_check import bridges, storages

_UNTOLD = re.compile(r"(net|ipconfig)\d+|cipassword")
"""What a cloud-init drive holds and Proxmox does not compare with the present settings."""


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make a VM under its reserved id; it bears our mark from its first moment."""
    node, config = node_of(acting), config_of(acting)
    await check_bridges(cluster, node, bridges(config))
    await check_storages(cluster, node, storages(config))
    with making(cluster, vmid_of(acting)) as vmid:
        path = ("nodes", node, MACHINE.path)
        return started(await cluster.api.post(*path, vmid=vmid, description=marked(acting), **config))


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write and remove options, all in one call; refused when somebody else wrote since they were read.

    It is the asynchronous form, for allocating a disk can take longer than a proxied call may.
    """
    node, config, removed = node_of(acting), config_of(acting), removed_of(acting)
    await check_bridges(cluster, node, bridges(config))
    await check_storages(cluster, node, storages(config))
    if removed:
        config["delete"] = ",".join(removed)
    digest = str(acting.arguments["digest"])
    if any(_UNTOLD.fullmatch(option) for option in (*config, *removed)):
        cluster.outdated.add(vmid_of(acting))
    return started(await cluster.api.post(*path_of(acting, MACHINE), "config", digest=digest, **config))


async def move(cluster: Cluster, acting: Acting) -> ActResult:
    """Move a disk to another storage or form; the old volume goes when the new one is whole."""
    values = texts_of(acting, "digest", "disk", "storage")
    if acting.arguments.get("format") is not None:
        values |= texts_of(acting, "format")
    await check_storages(cluster, node_of(acting), {str(values["storage"])})
    return started(await cluster.api.post(*path_of(acting, MACHINE), "move_disk", delete=True, **values))


async def regenerate(cluster: Cluster, acting: Acting) -> ActResult:
    """Make the cloud-init drive anew from the present settings; a running guest reads it at its next start."""
    await cluster.api.put(*path_of(acting, MACHINE), "cloudinit")
    cluster.outdated.discard(vmid_of(acting))
    return Applied("cloud-init drive made anew")


async def resume(cluster: Cluster, acting: Acting) -> ActResult:
    """Let a paused VM go on."""
    return started(await cluster.api.post(*path_of(acting, MACHINE), "status", "resume"))


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    **acts_on(MACHINE),
    "create": create,
    "clone": cloning(MACHINE, "name"),
    "configure": configure,
    "move": move,
    "regenerate": regenerate,
    "resume": resume,
}
