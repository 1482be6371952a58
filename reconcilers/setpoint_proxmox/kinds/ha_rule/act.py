"""The effects on rules of high availability; each is one call that has ended when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Scalar
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.ha import resources, sid_named
from setpoint_proxmox.kinds.ha_rule.observe import read
from setpoint_proxmox.mark import with_inline


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make it with our mark."""
    told = {"comment": "", **acting.arguments}
    params = await _params(cluster, Acting(acting.owner, acting.identity, told))
    await cluster.api.post("cluster", "ha", "rules", rule=_rule(acting), **params)
    return Applied()


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write what differs, unless somebody changed a rule since it was looked at."""
    params = await _params(cluster, acting)
    digest = str(acting.arguments["digest"])
    await cluster.api.put("cluster", "ha", "rules", _rule(acting), digest=digest, **params)
    return Applied()


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Remove it, when it still bears our mark.

    Raises:
        RefusalError: it does not.
    """
    rule = _rule(acting)
    state = await read(cluster, rule)
    if state is not None and state.mark != acting.owner.mark(rule):
        raise RefusalError(f"rule {rule} does not bear the mark of {acting.owner.key}, so it is not removed")
    if state is not None:
        await cluster.api.delete("cluster", "ha", "rules", rule)
    return Applied()


def _rule(acting: Acting) -> str:
    return str(acting.identity["rule"])


async def _params(cluster: Cluster, acting: Acting) -> dict[str, Scalar]:
    told = acting.arguments
    options = told.get("options") or {}
    assert isinstance(options, dict)  # noqa: S101  # the plan made it
    params: dict[str, Scalar] = {
        name: value for name, value in options.items() if not isinstance(value, list | dict)
    }
    params["type"] = str(told["type"])
    if "comment" in told:
        params["comment"] = with_inline(str(told["comment"]), acting.owner.mark(_rule(acting)), "rule")
    if "resources" in told:
        names = told["resources"]
        assert isinstance(names, list)  # noqa: S101  # the plan made it
        params["resources"] = await _sids(cluster, acting, [str(name) for name in names])
    return params


async def _sids(cluster: Cluster, acting: Acting, names: list[str]) -> str:
    rows = await resources(cluster)
    found = {name: name if ":" in name else sid_named(rows, acting.owner, name) for name in names}
    missing = [name for name, sid in found.items() if sid is None]
    if missing:
        raise RefusalError(
            f"the manager looks after nobody who bears the mark of HaResource {', '.join(missing)}"
        )
    return ",".join(sorted({str(sid) for sid in found.values()}))


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "destroy": destroy,
}
