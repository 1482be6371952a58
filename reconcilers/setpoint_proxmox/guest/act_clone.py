"""The call that copies a guest of either type. Neighbour: `clone`, which plans it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult
from setpoint.model.tree import Scalar
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest.act import making, marked, node_of, started, vmid_of
from setpoint_proxmox.guest.check import check_storages
from setpoint_proxmox.guest.words import Words

_OPTIONAL = {"storage": "storage", "pool": "pool", "snapname": "snapshot"}


def cloning(words: Words, named: str) -> Callable[[Cluster, Acting], Awaitable[ActResult]]:
    """What copies a guest of a type whose name is the option `named`."""

    async def clone(cluster: Cluster, acting: Acting) -> ActResult:
        """Copy a guest to our reserved id; the copy bears our mark from its first moment."""
        node, to = node_of(acting), str(acting.arguments["to"])
        values: dict[str, Scalar] = {
            name: str(acting.arguments[key])
            for name, key in _OPTIONAL.items()
            if acting.arguments.get(key) is not None
        }
        await check_storages(cluster, to, {str(values[name]) for name in ("storage",) if name in values})
        values[named] = str(acting.arguments["name"])
        with making(cluster, vmid_of(acting)) as vmid:
            path = ("nodes", node, words.path, int(str(acting.arguments["source"])), "clone")
            answer = await cluster.api.post(
                *path,
                newid=vmid,
                target=None if to == node else to,
                full=acting.arguments["full"] is True,
                description=marked(acting),
                **values,
            )
            return started(answer)

    return clone
