"""Reads a pool: that the cluster knows no such pool is a proof that there is none."""

from __future__ import annotations

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint_proxmox.answer import record, records, text, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.failures import GoneError
from setpoint_proxmox.kinds.pool.spec import PoolSpec
from setpoint_proxmox.kinds.pool.state import PoolState


async def observe(cluster: Cluster, looking: Looking[PoolSpec]) -> Observation[PoolState]:
    """Look at the pool by its id."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    assert looking.identity is not None  # noqa: S101  # a pool has its name at least
    pool = str(looking.identity["pool"])
    try:
        state = await read(cluster, pool)
    except GoneError:
        return Absent(f"the cluster knows no pool {pool}")
    return Present(state, {"pool": pool}, state.mark)


async def read(cluster: Cluster, pool: str) -> PoolState:
    """The pool with its members.

    Raises:
        GoneError: there is none.
    """
    answer = records(await cluster.api.get("pools", poolid=pool))
    if not answer:
        raise RefusalError(f"Proxmox answered nothing where pool {pool} was expected")
    members = records(record(answer[0]).get("members") or [])
    return PoolState(
        pool=pool,
        comment=str(answer[0].get("comment") or ""),
        storages=tuple(sorted({text(row, "storage") for row in members if row.get("type") == "storage"})),
        guests=tuple(sorted(whole(text(row, "vmid")) for row in members if "vmid" in row)),
    )
