"""The backup jobs of the cluster; neighbours: `job_calls`, which edits them, and `coverage`, which asks what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.backup.calendar import parse_event
from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World

Job = dict[str, object]

_STRINGS = {
    "prune-backups": "prune-backups",
    "fleecing": "backup-fleecing",
    "performance": "backup-performance",
}


class BackupJobs:
    """The jobs by id, as they were sent."""

    KEY: ClassVar[str] = "backup_jobs"

    def __init__(self, world: World, given: object) -> None:  # noqa: ARG002  # the form of all parts
        """Begin with the rows of a state, None when it has none."""
        rows: list[Any] = given if is_list(given) else []
        self.by_id: dict[str, Job] = {str(row["id"]): _read(row) for row in rows}

    def state(self) -> object:
        """The rows that make these jobs again."""
        return [{"id": name, **job} for name, job in self.by_id.items()]

    def forget_guest(self, vmid: int) -> None:
        """Name a guest no more; a job that named no other goes."""
        for name, job in list(self.by_id.items()):
            for key in ("vmid", "exclude"):
                _drop_number(job, key, vmid)
            if job.get("vmid") == "":
                del self.by_id[name]
            elif job.get("exclude") == "":
                del job["exclude"]


def shown(name: str, job: Mapping[str, object]) -> Job:
    """A job as lists show it: property strings are objects of texts there."""
    row: Job = {"id": name, "type": "vzdump", **job}
    for key, form in _STRINGS.items():
        if key in row:
            row[key] = dict(split_properties(NAMED[form], str(row[key])))
    return row


def next_run(job: Mapping[str, object], now: float) -> int | None:
    """When the job begins next, in seconds since the epoch."""
    return parse_event(str(job["schedule"])).next_after(now)


def _read(row: Mapping[str, Any]) -> Job:
    job = {key: value for key, value in row.items() if key not in {"id", "type", "next-run"}}
    for key in _STRINGS:
        if is_object(job.get(key)):
            job[key] = ",".join(f"{name}={value}" for name, value in sorted(job[key].items()))
    return {"enabled": 1, **job}


def _drop_number(job: Job, key: str, vmid: int) -> None:
    numbers = split_list(str(job.get(key, "")))
    if str(vmid) in numbers:
        job[key] = ",".join(number for number in numbers if number != str(vmid))


def _forget(world: World, vmid: int, purge: bool) -> None:  # noqa: FBT001  # the form of all that forget
    if purge:
        world.part(BackupJobs).forget_guest(vmid)


removal.FORGETS.append(_forget)
