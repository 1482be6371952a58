"""/nodes/{node}/replication: what a node says of the jobs whose guests are on it; no run has ever happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.calendar import parse_event
from setpoint_lab.proxmox.call import Reply
from setpoint_lab.proxmox.replication.job_calls import existing_job, may_see
from setpoint_lab.proxmox.replication.jobs import Job, ReplicationJobs, guest_of, shown
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_ALL = "/nodes/{node}/replication"
_ONE = f"{_ALL}/{{id}}"
USUAL = "*/15"


@route("GET", _ALL)
async def list_states(call: Call) -> object:
    """The jobs of the guests on the node to another one, of one guest when it is asked for."""
    jobs, wanted = call.world.part(ReplicationJobs).by_id, call.params.get("guest")
    node, guests = call.text("node"), call.world.guests
    return call.world.shuffled(
        _state(call, name, job)
        for name, job in jobs.items()
        if guest_of(name) in guests
        and guests[guest_of(name)].node == node != job["target"]
        and may_see(call, name)
        and wanted in {None, guest_of(name)}
    )


@route("GET", f"{_ONE}/status")
async def read_state(call: Call) -> object:
    """One job."""
    name, job = existing_job(call)
    call.require(f"/vms/{guest_of(name)}", "VM.Audit")
    return _state(call, name, job)


@route("GET", f"{_ONE}/log")
async def read_log(call: Call) -> object:
    """The log of the last run, which there never was."""
    name, _ = existing_job(call)
    call.require(f"/vms/{guest_of(name)}", "VM.Audit")
    return Reply([{"n": 1, "t": "unable to open file - No such file or directory"}], {"total": 1})


@route("POST", f"{_ONE}/schedule_now")
async def schedule_now(call: Call) -> object:
    """Ask for a run soon."""
    name, _ = existing_job(call)
    call.require(f"/vms/{guest_of(name)}", "VM.Replicate")
    return ""


def _state(call: Call, name: str, job: Job) -> Job:
    guest = call.world.guests.get(guest_of(name))
    return shown(name, job) | {
        "vmtype": guest.type if guest else "qemu",
        "fail_count": 0,
        "last_sync": 0,
        "last_try": 0,
        "next_sync": _next_sync(job),
    }


def _next_sync(job: Job) -> int:
    """When the next run is due after none at all."""
    if job.get("remove_job"):
        return 1
    return parse_event(str(job.get("schedule", USUAL))).next_after(0.0) or 0
