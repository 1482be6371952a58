"""The effects on a VM, one function per verb. Each sends one call; what came of it is observed, not assumed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.identity import Mark
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Scalar
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine.act_check import check_bridges, check_storages, check_volumes
from setpoint_proxmox.kinds.virtual_machine.act_common import making, node_of, path_of, started, vmid_of
from setpoint_proxmox.kinds.virtual_machine.act_power import POWER
from setpoint_proxmox.kinds.virtual_machine.act_remove import destroy
from setpoint_proxmox.mark import with_mark

_UNTOLD = re.compile(r"(net|ipconfig)\d+|cipassword")
"""What a cloud-init drive holds and Proxmox does not compare with the present settings."""


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make a VM under its reserved id; it bears our mark from its first moment."""
    node, config = node_of(acting), _config(acting)
    await check_bridges(cluster, node, config)
    await check_volumes(cluster, node, config)
    with making(cluster, vmid_of(acting)) as vmid:
        path = ("nodes", node, "qemu")
        return started(await cluster.api.post(*path, vmid=vmid, description=_marked(acting), **config))


async def clone(cluster: Cluster, acting: Acting) -> ActResult:
    """Copy a VM to our reserved id; the copy bears our mark from its first moment."""
    node, to = node_of(acting), str(acting.arguments["to"])
    optional = {"storage": "storage", "pool": "pool", "snapname": "snapshot"}
    values: dict[str, Scalar] = {
        name: str(acting.arguments[key])
        for name, key in optional.items()
        if acting.arguments.get(key) is not None
    }
    await check_storages(cluster, to, {str(values[name]) for name in ("storage",) if name in values})
    with making(cluster, vmid_of(acting)) as vmid:
        path = ("nodes", node, "qemu", int(str(acting.arguments["source"])), "clone")
        answer = await cluster.api.post(
            *path,
            newid=vmid,
            target=None if to == node else to,
            name=str(acting.arguments["name"]),
            full=acting.arguments["full"] is True,
            description=_marked(acting),
            **values,
        )
        return started(answer)


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write and remove options, all in one call; refused when somebody else wrote since they were read.

    It is the asynchronous form, for allocating a disk can take longer than a proxied call may.
    """
    node, config = node_of(acting), _config(acting)
    await check_bridges(cluster, node, config)
    await check_volumes(cluster, node, config)
    removed = acting.arguments.get("delete") or []
    assert isinstance(removed, list)  # noqa: S101  # the plan made it
    if removed:
        config["delete"] = ",".join(str(option) for option in removed)
    digest = str(acting.arguments["digest"])
    if any(_UNTOLD.fullmatch(option) for option in (*config, *map(str, removed))):
        cluster.outdated.add(vmid_of(acting))
    return started(await cluster.api.post(*path_of(acting), "config", digest=digest, **config))


async def resize(cluster: Cluster, acting: Acting) -> ActResult:
    """Grow a disk to an absolute size, so that a repetition does nothing."""
    return started(
        await cluster.api.put(*path_of(acting), "resize", **_texts(acting, "digest", "disk", "size"))
    )


async def move(cluster: Cluster, acting: Acting) -> ActResult:
    """Move a disk to another storage or form; the old volume goes when the new one is whole."""
    values = _texts(acting, "digest", "disk", "storage")
    if acting.arguments.get("format") is not None:
        values |= _texts(acting, "format")
    await check_storages(cluster, node_of(acting), {str(values["storage"])})
    return started(await cluster.api.post(*path_of(acting), "move_disk", delete=True, **values))


async def enroll(cluster: Cluster, acting: Acting) -> ActResult:
    """Put the VM into a pool, out of the one that it is in; without a pool only take it out."""
    pool = str(acting.arguments.get("pool") or "")
    vms: dict[str, Scalar] = {"vms": str(vmid_of(acting))}
    if pool:
        await cluster.api.put("pools", poolid=pool, **vms, **{"allow-move": True})
        return Applied(f"put into pool {pool}")
    former = str(acting.arguments["former"])
    await cluster.api.put("pools", poolid=former, delete=True, **vms)
    return Applied(f"taken out of pool {former}")


async def regenerate(cluster: Cluster, acting: Acting) -> ActResult:
    """Make the cloud-init drive anew from the present settings; a running guest reads it at its next start."""
    await cluster.api.put(*path_of(acting), "cloudinit")
    cluster.outdated.discard(vmid_of(acting))
    return Applied("cloud-init drive made anew")


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "clone": clone,
    "configure": configure,
    "resize": resize,
    "move": move,
    "enroll": enroll,
    "regenerate": regenerate,
    "destroy": destroy,
    **POWER,
}


def _config(acting: Acting) -> dict[str, Scalar]:
    """The options of a step, secrets filled in."""
    plain, secret = acting.arguments["config"], acting.arguments.get("secrets") or {}
    assert isinstance(plain, dict)  # noqa: S101  # the plan made it
    assert isinstance(secret, dict)  # noqa: S101  # the plan made it
    config: dict[str, Scalar] = {}
    for option, value in plain.items():
        assert not isinstance(value, list | dict)  # noqa: S101  # the plan made it
        config[option] = value
    return config | {option: acting.secrets[str(place)].reveal() for option, place in secret.items()}


def _texts(acting: Acting, *names: str) -> dict[str, Scalar]:
    return {name: str(acting.arguments[name]) for name in names}


def _marked(acting: Acting) -> str:
    mark = Mark(acting.owner.estate, acting.owner.key, str(vmid_of(acting)))
    return with_mark(str(acting.arguments["description"]), mark)
