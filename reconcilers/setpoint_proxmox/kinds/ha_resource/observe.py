"""Reads a resource of high availability, by the guest that is meant."""

from __future__ import annotations

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint.model.tree import Json
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.ha import resources, sid_of
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_resource.state import HaState


async def observe(cluster: Cluster, looking: Looking[HaResourceSpec]) -> Observation[HaState]:
    """Look at the resource of the guest."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    guest = looking.spec.guest
    sid = sid_of(cluster, looking.owner, guest)
    if sid is None:
        # It was seen, or nobody would look; but it may be on its way out, or on a node that is off.
        return Unknown(f"no guest that can be seen bears the mark of {guest}", passing=True)
    state = await read(cluster, sid)
    if state is None:
        return Absent(f"the manager looks after no {sid}")
    return Present(state, {"sid": sid}, state.mark)


async def read(cluster: Cluster, sid: str) -> HaState | None:
    """The resource as it is now, and what the manager says of it; None when there is none. Both lists are whole."""
    found = (await resources(cluster)).get(sid)
    if found is None:
        return None
    told = records(await cluster.api.get("cluster", "ha", "status", "current"))
    service = next((row for row in told if row.get("sid") == sid), dict[str, Json]())
    return HaState(sid, found, str(service.get("state") or ""), str(service.get("node") or ""))
