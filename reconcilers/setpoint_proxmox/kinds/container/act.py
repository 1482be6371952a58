"""The effects on a container, one function per verb. Each sends one call; what came of it is observed, not assumed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Scalar
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
from setpoint_proxmox.guest.state import is_nic_slot
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.kinds.container.strings import NIC

_NEW = re.compile(r"(?P<storage>[^:/,]+):\d+(\.\d+)?(,.*)?")
"""The text of a mount point that Proxmox allocates."""
_MOUNT = re.compile(r"rootfs|mp\d+")


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make a container under its reserved id; it bears our mark from its first moment."""
    node, config = node_of(acting), config_of(acting)
    await check_bridges(cluster, node, _bridges(config))
    await check_storages(cluster, node, _storages(config))
    with making(cluster, vmid_of(acting)) as vmid:
        path = ("nodes", node, CONTAINER.path)
        return started(await cluster.api.post(*path, vmid=vmid, description=marked(acting), **config))


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write and remove options, all or none in one call; refused when somebody else wrote since they were read.

    There is no asynchronous form for containers: what was refused is refused at once, and what takes too long is
    looked at again.
    """
    node, config, removed = node_of(acting), config_of(acting), removed_of(acting)
    await check_bridges(cluster, node, _bridges(config))
    await check_storages(cluster, node, _storages(config))
    if removed:
        config["delete"] = ",".join(removed)
    digest = str(acting.arguments["digest"])
    await cluster.api.put(*path_of(acting, CONTAINER), "config", digest=digest, **config)
    return Applied()


async def move(cluster: Cluster, acting: Acting) -> ActResult:
    """Move a volume to another storage; the old one goes when the new one is whole."""
    slot, storage = str(acting.arguments["disk"]), str(acting.arguments["storage"])
    await check_storages(cluster, node_of(acting), {storage})
    values = texts_of(acting, "digest")
    path = (*path_of(acting, CONTAINER), "move_volume")
    return started(await cluster.api.post(*path, volume=slot, storage=storage, delete=True, **values))


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    **acts_on(CONTAINER),
    "create": create,
    "clone": cloning(CONTAINER, "hostname"),
    "configure": configure,
    "move": move,
}


def _bridges(config: Mapping[str, Scalar]) -> frozenset[str]:
    """The bridges that NICs are to be connected to."""
    nics = [NIC.split(str(text)) for option, text in config.items() if is_nic_slot(option)]
    return frozenset(nic["bridge"] for nic in nics if "bridge" in nic)


def _storages(config: Mapping[str, Scalar]) -> frozenset[str]:
    """The storages on which volumes are made."""
    mounts = [str(text) for option, text in config.items() if _MOUNT.fullmatch(option)]
    return frozenset(match["storage"] for text in mounts if (match := _NEW.fullmatch(text)) is not None)
