"""The effects on resources of high availability; each is one call that has ended when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Scalar
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.ha import sid_of
from setpoint_proxmox.kinds.ha_resource.observe import read
from setpoint_proxmox.mark import with_inline


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Let the manager look after the guest, with our mark.

    Raises:
        RefusalError: there is no such guest any more.
    """
    guest = str(acting.arguments["guest"])
    sid = sid_of(cluster, acting.owner, guest)
    if sid is None:
        raise RefusalError(f"no guest that can be seen bears the mark of {guest}")
    await cluster.api.post("cluster", "ha", "resources", sid=sid, **_options(acting, sid))
    return Applied()


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write what differs, unless somebody changed a resource since it was looked at."""
    sid = str(acting.arguments["sid"])
    params = _options(acting, sid)
    await cluster.api.put("cluster", "ha", "resources", sid, digest=str(acting.arguments["digest"]), **params)
    return Applied()


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Let the manager look after it no more, when it still bears our mark.

    Raises:
        RefusalError: it does not.
    """
    sid = str(acting.arguments["sid"])
    state = await read(cluster, sid)
    if state is not None and state.mark != acting.owner.mark(sid):
        raise RefusalError(f"{sid} does not bear the mark of {acting.owner.key}, so nothing is changed")
    if state is not None:
        keep: dict[str, Scalar] = {"purge": False} if acting.arguments["rules"] else {}
        await cluster.api.delete("cluster", "ha", "resources", sid, **keep)
    return Applied()


def _options(acting: Acting, sid: str) -> dict[str, Scalar]:
    options = acting.arguments.get("options") or {}
    assert isinstance(options, dict)  # noqa: S101  # the plan made it
    found: dict[str, Scalar] = {
        name: value for name, value in options.items() if not isinstance(value, list | dict)
    }
    if "comment" in acting.arguments:
        found["comment"] = with_inline(str(acting.arguments["comment"]), acting.owner.mark(sid), "sid")
    return found


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "destroy": destroy,
}
