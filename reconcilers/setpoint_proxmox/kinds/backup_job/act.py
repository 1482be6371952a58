"""The effects on backup jobs; each is one call that has ended when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest_names import vmid_of
from setpoint_proxmox.kinds.backup_job.observe import read
from setpoint_proxmox.mark import with_inline


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make it with our mark."""
    params = _params(cluster, acting)
    params.pop("delete", None)
    await cluster.api.post("cluster", "backup", id=_job(acting), **params)
    return Applied()


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Write what differs; Proxmox merges it into what is there."""
    await cluster.api.put("cluster", "backup", _job(acting), **_params(cluster, acting))
    return Applied()


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Remove it, when it still bears our mark.

    Raises:
        RefusalError: it does not.
    """
    job = _job(acting)
    state = await read(cluster, job)
    if state is not None and state.mark != acting.owner.mark(job):
        raise RefusalError(
            f"backup job {job} does not bear the mark of {acting.owner.key}, so it is not removed"
        )
    if state is not None:
        await cluster.api.delete("cluster", "backup", job)
    return Applied()


def _job(acting: Acting) -> str:
    return str(acting.identity["job"])


def _params(cluster: Cluster, acting: Acting) -> dict[str, Scalar]:
    told = acting.arguments
    params: dict[str, Scalar] = {}
    options, delete = told.get("options") or {}, told.get("delete") or []
    assert isinstance(options, dict) and isinstance(delete, list)  # noqa: PT018, S101  # the plan made it
    params |= {name: value for name, value in options.items() if not isinstance(value, list | dict)}
    removed = [str(name) for name in delete]
    if "comment" in told:
        params["comment"] = with_inline(str(told["comment"]), acting.owner.mark(_job(acting)), "job")
    if "guests" in told:
        chosen = _guests(cluster, acting, told["guests"])
        params |= {name: value for name, value in chosen.items() if value}
        removed += [name for name, value in chosen.items() if not value]
    return {**params, **({"delete": ",".join(removed)} if removed else {})}


def _guests(cluster: Cluster, acting: Acting, chosen: Json) -> dict[str, Scalar]:
    """The choice as Proxmox takes it; it drops a former choice of another way by itself."""
    assert isinstance(chosen, dict)  # noqa: S101  # the plan made it
    if "pool" in chosen:
        return {"pool": str(chosen["pool"])}
    if "all" in chosen:
        return {"all": 1, "exclude": _vmids(cluster, acting, chosen["exclude"])}
    return {"vmid": _vmids(cluster, acting, chosen["named"])}


def _vmids(cluster: Cluster, acting: Acting, names: Json) -> str:
    assert isinstance(names, list)  # noqa: S101  # the plan made it
    return ",".join(map(str, sorted({_vmid(cluster, acting, str(name)) for name in names})))


def _vmid(cluster: Cluster, acting: Acting, name: str) -> int:
    kind, slash, plain = name.partition("/")
    vmid = vmid_of(cluster, acting.owner, kind, plain) if slash else int(name)
    if vmid is None:
        raise RefusalError(f"no guest of the cluster bears the mark of {name}")
    return vmid


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "destroy": destroy,
}
