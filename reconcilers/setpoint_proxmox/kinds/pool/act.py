"""The effects on pools; each is one call that has ended when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.pool.observe import read
from setpoint_proxmox.mark import with_mark


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make it with our mark."""
    await cluster.api.post("pools", poolid=_pool(acting), comment=_comment(acting))
    return Applied()


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write the comment, with our mark."""
    await cluster.api.put("pools", poolid=_pool(acting), comment=_comment(acting))
    return Applied()


async def enroll(cluster: Cluster, acting: Acting) -> ActResult:
    """Put storages into it, or take them out."""
    names = acting.arguments["storages"]
    assert isinstance(names, list)  # noqa: S101  # the plan made it
    more = {"delete": True} if acting.arguments["delete"] else {}
    await cluster.api.put("pools", poolid=_pool(acting), storage=",".join(map(str, names)), **more)
    return Applied()


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Remove it, when it still bears our mark.

    Raises:
        RefusalError: it does not.
    """
    pool = _pool(acting)
    if (await read(cluster, pool)).mark != acting.owner.mark(pool):
        raise RefusalError(f"pool {pool} does not bear the mark of {acting.owner.key}, so it is not removed")
    await cluster.api.delete("pools", poolid=pool)
    return Applied()


def _pool(acting: Acting) -> str:
    return str(acting.identity["pool"])


def _comment(acting: Acting) -> str:
    return with_mark(str(acting.arguments["comment"]), acting.owner.mark(_pool(acting)), "pool")


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "enroll": enroll,
    "destroy": destroy,
}
