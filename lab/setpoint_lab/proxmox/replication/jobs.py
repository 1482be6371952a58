"""The replication jobs of the cluster, and what the end of a guest does to them; neighbours: the calls about them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.backup.selection import config_of
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.world import World

Job = dict[str, object]

_DERIVED = frozenset({"id", "guest", "jobnum"})
REPLICATING = frozenset({"zfspool"})
"""The types of storage whose volumes can be sent to another node as snapshots."""


class ReplicationJobs:
    """The jobs by id (`GUEST-NUMBER`): type, source, target and what else was sent."""

    KEY: ClassVar[str] = "replication"

    def __init__(self, world: World, given: object) -> None:  # noqa: ARG002  # the form of all parts
        """Begin with the rows of a state, None when it has none."""
        rows: list[Any] = given if is_list(given) else []
        self.by_id: dict[str, Job] = {
            str(row["id"]): {key: value for key, value in row.items() if key not in _DERIVED} for row in rows
        }

    def state(self) -> object:
        """The rows that make these jobs again."""
        return [{"id": name, **job} for name, job in self.by_id.items()]

    @property
    def digest(self) -> str:
        """Of all jobs together."""
        text = repr(sorted((name, sorted(job.items())) for name, job in self.by_id.items()))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def of_guest(self, vmid: int) -> list[str]:
        """The ids of the jobs of a guest."""
        return [name for name in self.by_id if guest_of(name) == vmid]


def guest_of(name: str) -> int:
    """The number of the guest in a job's id."""
    return int(name.partition("-")[0])


def shown(name: str, job: Mapping[str, object]) -> Job:
    """A job as lists show it."""
    guest, _, number = name.partition("-")
    return {"id": name, "guest": int(guest), "jobnum": int(number), **job}


def check_volumes(world: World, guest: Guest) -> None:
    """Raise unless the guest has volumes and all of them can be replicated.

    Raises:
        ApiError: one lies on a storage that cannot, or there is none.
    """
    found = False
    for volid, excluded in _volumes(guest):
        storage = world.storages.get(volid.partition(":")[0])
        if excluded or storage is None:
            continue
        if storage.type not in REPLICATING:
            raise ApiError.internal(f"missing replicate feature on volume '{volid}'")
        found = True
    if not found:
        raise ApiError.internal("No replicatable volumes found")


def _volumes(guest: Guest) -> Iterator[tuple[str, bool]]:
    config = config_of(guest)
    if guest.type == "qemu":
        for drive in drives(config):
            if drive.volume is not None and not drive.is_cdrom:
                yield drive.volume, drive.properties.get("replicate") == "0"
        return
    for key, text in sorted(config.items()):
        volid = text.partition(",")[0].removeprefix("volume=")
        if (key == "rootfs" or key.startswith("mp")) and ":" in volid and not volid.startswith("/"):
            yield volid, "replicate=0" in text.split(",")


def _check(world: World, guest: Guest, purge: bool) -> None:  # noqa: FBT001  # the form of all that object
    jobs = world.part(ReplicationJobs).of_guest(guest.vmid)
    if jobs and not purge:
        text = f"There is a replication job '{jobs[0]}' for guest '{guest.vmid}' - Please remove that first."
        raise ApiError.internal(text)


def _forget(world: World, vmid: int, purge: bool) -> None:  # noqa: FBT001  # the form of all that forget
    jobs = world.part(ReplicationJobs)
    for name in jobs.of_guest(vmid) if purge else []:
        del jobs.by_id[name]


removal.CHECKS.append(_check)
removal.FORGETS.append(_forget)
