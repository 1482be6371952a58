"""/cluster/replication: jobs are made, changed, and marked for removal, which only a run of theirs would carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.storage_config import MODIFIED
from setpoint_lab.proxmox.replication.jobs import Job, ReplicationJobs, check_volumes, guest_of, shown
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_ALL = "/cluster/replication"
_ONE = f"{_ALL}/{{id}}"
_CFG = "replication_cfg"
_APART = frozenset({"id", "delete", "digest"})
_OPTIONS = frozenset({"comment", "disable", "rate", "remove_job", "schedule", "source"})
_NEEDED = frozenset({"target", "type"})


@route("GET", _ALL)
async def list_jobs(call: Call) -> object:
    """The jobs of the guests that the user may see."""
    jobs = call.world.part(ReplicationJobs).by_id
    return call.world.shuffled(shown(name, job) for name, job in jobs.items() if may_see(call, name))


def may_see(call: Call, name: str) -> bool:
    """Whether lists show the job to the user."""
    return call.allowed(f"/vms/{guest_of(name)}", "VM.Audit")


@route("POST", _ALL)
async def create_job(call: Call) -> object:
    """A new job; a guest has one per target."""
    name, target = call.text("id"), call.text("target")
    vmid, world = guest_of(name), call.world
    call.require(f"/vms/{vmid}", "VM.Replicate")
    guest = world.guests.get(vmid)
    if guest is None:
        raise ApiError.internal(f"Guest '{vmid}' does not exist.")
    if world.cluster is None or target not in world.nodes:
        raise ApiError.internal(f"Target '{target}' does not exist.")
    if target == guest.node:
        raise ApiError.internal("Source and target must not be identical")
    check_volumes(world, guest)
    await world.require_quorum("", _CFG)
    jobs = world.part(ReplicationJobs)
    if name in jobs.by_id:
        raise ApiError.internal(f"replication job '{name}' already exists")
    if any(jobs.by_id[other]["target"] == target for other in jobs.of_guest(vmid)):
        text = f"replication job for guest '{vmid}' to target 'local/{target}' already exists"
        raise ApiError.internal(text)
    jobs.by_id[name] = {**_sent(call), "source": guest.node}
    world.changed()
    return None


@route("GET", _ONE)
async def read_job(call: Call) -> object:
    """One job, with the digest of all."""
    jobs = call.world.part(ReplicationJobs)
    name, job = existing_job(call)
    call.require(f"/vms/{guest_of(name)}", "VM.Audit")
    return shown(name, job) | {"digest": jobs.digest}


def existing_job(call: Call) -> tuple[str, Job]:
    """The job that the request names; 500 when there is none."""
    name = call.text("id")
    job = call.world.part(ReplicationJobs).by_id.get(name)
    if job is None:
        raise ApiError.internal(f"no such replication job '{name}'")
    return name, job


@route("PUT", _ONE)
async def update_job(call: Call) -> object:
    """Change a job."""
    job = await _writable(call)
    if call.text("digest") not in {"", call.world.part(ReplicationJobs).digest}:
        raise ApiError.internal(MODIFIED)
    deletes = call.items("delete")
    for key in deletes:
        if key in _NEEDED:
            raise ApiError.internal(f"unable to delete required option '{key}'")
        if key not in _OPTIONS:
            raise ApiError.internal(f"no such option '{key}'")
    job.update(_sent(call))
    for key in deletes:
        job.pop(key, None)
    call.world.changed()
    return None


@route("DELETE", _ONE)
async def delete_job(call: Call) -> object:
    """Mark a job for removal, or remove it at once by force."""
    if call.flag("force"):
        call.require(f"/vms/{guest_of(call.text('id'))}", "VM.Replicate")
        await call.world.require_quorum("", _CFG)
        call.world.part(ReplicationJobs).by_id.pop(call.text("id"), None)
    else:
        job = await _writable(call)
        job["remove_job"] = "local" if call.flag("keep") else "full"
    call.world.changed()
    return None


async def _writable(call: Call) -> Job:
    name = call.text("id")
    call.require(f"/vms/{guest_of(name)}", "VM.Replicate")
    await call.world.require_quorum("", _CFG)
    job = call.world.part(ReplicationJobs).by_id.get(name)
    if job is None:
        raise ApiError.internal(f"no such job '{name}'")
    return job


def _sent(call: Call) -> Job:
    found = {key: value for key, value in call.params.items() if key not in _APART}
    rate = found.get("rate")
    if isinstance(rate, float) and rate.is_integer():
        found["rate"] = int(rate)
    return found
