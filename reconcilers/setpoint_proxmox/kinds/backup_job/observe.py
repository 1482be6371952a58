"""Reads a backup job from the cluster's list, which is whole for whoever may see it at all."""

from __future__ import annotations

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest_names import vmid_of
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec
from setpoint_proxmox.kinds.backup_job.state import JobState


async def observe(cluster: Cluster, looking: Looking[BackupJobSpec]) -> Observation[JobState]:
    """Look at the job by its id."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    assert looking.identity is not None  # noqa: S101  # a job has its name at least
    job = str(looking.identity["job"])
    state = await read(cluster, job)
    if state is None:
        return Absent(f"the cluster has no backup job {job}")
    names = _names(cluster, looking)
    guests = looking.spec.guests
    read_ones = {name for those in names.values() for name in those}
    state = JobState(
        job, state.row, names, unread=not read_ones.issuperset((*guests.names, *guests.exclude.names))
    )
    return Present(state, {"job": job}, state.mark)


async def read(cluster: Cluster, job: str) -> JobState | None:
    """The job as it is now, its guests by vmid; None when there is none."""
    rows = records(await cluster.api.get("cluster", "backup"))
    found = next((row for row in rows if row.get("id") == job), None)
    return None if found is None else JobState(job, found, {})


def _names(cluster: Cluster, looking: Looking[BackupJobSpec]) -> dict[str, tuple[str, ...]]:
    """Every guest that the declaration names, by its vmid."""
    guests = looking.spec.guests
    found: dict[str, tuple[str, ...]] = {}
    for name in {*guests.names, *guests.exclude.names}:
        kind, slash, plain = name.partition("/")
        vmid = vmid_of(cluster, looking.owner, kind, plain) if slash else int(name)
        if vmid is not None:
            found[str(vmid)] = (*found.get(str(vmid), ()), name)
    return found
