"""/cluster/backup: jobs are made, merged into, listed with their next run, and removed; neighbour: `jobs`."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.calendar import parse_event
from setpoint_lab.proxmox.backup.jobs import BackupJobs, Job, next_run, shown
from setpoint_lab.proxmox.backup.rights import check_backup_options
from setpoint_lab.proxmox.backup.selection import check_options
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.state import new_uuid
from setpoint_lab.proxmox.worker import error_text

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from setpoint_lab.proxmox.call import Call

_ONE = "/cluster/backup/{id}"
_APART = frozenset({"id", "delete", "dow", "starttime"})
_CFG = "jobs_cfg"
ITERATIONS = 10


@contextmanager
def _locked() -> Generator[None]:
    """What is wrong with parameters is found while the file is locked, and so it is told as a failure within one."""
    try:
        yield
    except ApiError as error:
        if error.errors is None:
            raise
        raise ApiError.internal(error_text(error).rstrip("\n")) from error


@route("GET", "/cluster/backup")
async def list_jobs(call: Call) -> object:
    """All jobs with their next run."""
    now = call.world.clock.now()
    jobs = call.world.part(BackupJobs).by_id
    return call.world.shuffled(shown(name, job) | _next(job, now) for name, job in jobs.items())


def _next(job: Job, now: float) -> dict[str, object]:
    when = next_run(job, now)
    return {} if when is None else {"next-run": when}


@route("POST", "/cluster/backup")
async def create_job(call: Call) -> object:
    """A new job; without an `id` it gets one that the answer does not tell."""
    check_backup_options(call)
    job = {"enabled": 1, **_sent(call)}
    job["schedule"] = _schedule(call.params)
    jobs, name = call.world.part(BackupJobs).by_id, call.text("id") or new_uuid(call.world)
    await call.world.require_quorum("", _CFG)
    if name in jobs:
        raise ApiError.internal(f"Job '{name}' already exists")
    with _locked():
        check_options(job)
    jobs[name] = job | ({"all": 1} if job.get("exclude") and not job.get("pool") else {})
    call.world.changed()
    return None


@route("GET", _ONE)
async def read_job(call: Call) -> object:
    """One job."""
    name = call.text("id")
    job = call.world.part(BackupJobs).by_id.get(name)
    if job is None:
        raise ApiError.parameters({"id": f"No such job '{name}'"})
    return shown(name, job)


@route("PUT", _ONE)
async def update_job(call: Call) -> object:
    """Merge into a job; a new choice of guests takes the place of the old one."""
    check_backup_options(call)
    jobs, name = call.world.part(BackupJobs).by_id, call.text("id")
    timed = {"schedule", "starttime"} & call.params.keys()
    schedule = _schedule(call.params) if timed else None
    await call.world.require_quorum("", _CFG)
    if name not in jobs:
        raise ApiError.internal("no such vzdump job")
    with _locked():
        job = {key: value for key, value in jobs[name].items() if key not in _deletes(call)} | _sent(call)
        if schedule is not None:
            job["schedule"] = schedule
        _choose(job, call.params)
        check_options(job)
    jobs[name] = job
    call.world.changed()
    return None


@route("DELETE", _ONE)
async def delete_job(call: Call) -> object:
    """Remove a job; its backups stay."""
    jobs, name = call.world.part(BackupJobs).by_id, call.text("id")
    await call.world.require_quorum("", _CFG)
    with _locked():
        if name not in jobs:
            raise ApiError.parameters({"id": f"No such job '{name}'"})
    del jobs[name]
    call.world.changed()
    return None


@route("GET", "/cluster/jobs/schedule-analyze")
async def analyze_schedule(call: Call) -> object:
    """The next times that a schedule names."""
    event, at = parse_event(call.text("schedule")), float(call.integer("starttime"))
    at = at or call.world.clock.now()
    rows: list[dict[str, object]] = []
    for _ in range(call.integer("iterations", ITERATIONS)):
        found = event.next_after(at)
        if found is None:
            break
        rows.append({"timestamp": found, "utc": time.asctime(time.gmtime(found))})
        at = found
    return rows


def _sent(call: Call) -> Job:
    return {key: value for key, value in call.params.items() if key not in _APART}


def _schedule(params: Mapping[str, object]) -> str:
    """The schedule, or the one that days and a time of day make."""
    if "schedule" in params:
        if "starttime" in params:
            raise ApiError.parameters({"starttime": "'starttime' and 'schedule' cannot both be set"})
        return str(params["schedule"])
    if "starttime" not in params:
        raise ApiError.parameters({"schedule": "neither 'starttime' nor 'schedule' were set"})
    days = ",".join(str(params.get("dow", "")).replace(";", ",").split())
    return f"{days} {params['starttime']}".strip()


def _deletes(call: Call) -> list[str]:
    known = load().methods["PUT", _ONE].parameters
    for key in call.items("delete"):
        if key not in known or key in {"id", "delete"}:
            raise ApiError.parameters({"delete": f"unknown option '{key}'"})
    return call.items("delete")


def _choose(job: Job, sent: Mapping[str, object]) -> None:
    """Drop the choice of guests that the new one replaces."""
    if job.get("exclude") and not job.get("pool"):
        job["all"] = 1
    if "vmid" in sent:
        replaced = {"all", "exclude", "pool"}
    elif sent.get("all"):
        replaced = {"vmid", "pool"}
    else:
        replaced = {"vmid", "all", "exclude"} if job.get("pool") else set[str]()
    for key in replaced:
        job.pop(key, None)
