"""The worker that backs guests up, one after the other; a guest that fails does not stop it, but ends it as failed."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.archive import archive_name, archive_size, group_of, keeping, put_archive
from setpoint_lab.proxmox.backup.coverage import given_name
from setpoint_lab.proxmox.backup.prune_calls import marked
from setpoint_lab.proxmox.backup.selection import disks_of
from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.propstring import size_text
from setpoint_lab.proxmox.volumes import path_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.backup.selection import Disk
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.volumes import Storage, Volume

DEFAULT_STORAGE = "local"
DEFAULT_MODE = "snapshot"
LOCK = "backup"
DUMP_SECONDS = 0.7
MIB = 1 << 20


class BackupError(Exception):
    """Why a guest was not backed up; the others still are."""


@dataclass(frozen=True, slots=True)
class Dump:
    """One run: whose request it is, its options, where the archives go, and what is printed."""

    call: Call
    options: Mapping[str, object]
    storage: Storage
    log: TaskLog

    def say(self, text: str) -> None:
        """Print a line."""
        self.log(f"INFO: {text}")

    @property
    def moment(self) -> str:
        """The time as logs tell it."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.call.world.clock.now()))


def command_line(options: Mapping[str, object], vmids: list[int]) -> str:
    """A run as the command that would do the same."""
    numbers = "".join(f" {vmid}" for vmid in vmids)
    rest = [f" --{key} {shlex.quote(str(value))}" for key, value in sorted(options.items()) if key != "vmid"]
    return f"vzdump{numbers if 'vmid' in options else ''}{''.join(rest)}"


def target_storage(call: Call, options: Mapping[str, object]) -> Storage:
    """Where the archives go.

    Raises:
        TaskError: there is no such storage for the node, or it takes no backups.
    """
    name = str(options.get("storage") or DEFAULT_STORAGE)
    failed = f"could not get storage information for '{name}'"
    try:
        storage = usable_storage(call.world, name, call.text("node"))
    except ApiError as error:
        raise TaskError(f"{failed}: {error.reason}") from error
    if "backup" not in storage.content:
        raise TaskError(f"{failed}: can't use storage '{name}' for backups - wrong content type")
    return storage


async def back_up_all(dump: Dump, vmids: list[int]) -> None:
    """Back up the guests of these numbers.

    Raises:
        TaskError: `job errors` when one failed; the worker was stopped; the user may not back one up.
    """
    dump.say(f"starting new backup job: {command_line(dump.options, vmids)}")
    failed = False
    for vmid in vmids:
        try:
            await _back_up(dump, vmid)
        except BackupError as error:
            failed = True
            dump.log(f"ERROR: Backup of VM {vmid} failed - {error}")
            dump.say(f"Failed at {dump.moment}")
    dump.say(f"Backup job finished {'with errors' if failed else 'successfully'}")
    if failed:
        raise TaskError("job errors")


async def _back_up(dump: Dump, vmid: int) -> None:
    world = dump.call.world
    guest = world.guests.get(vmid)
    if guest is None:
        raise BackupError(f"unable to find VM '{vmid}'")
    if not dump.call.allowed(f"/vms/{vmid}", "VM.Backup"):
        raise TaskError(f"Permission check failed (/vms/{vmid}, VM.Backup)")
    began = await _free_second(dump, guest)
    dump.say(f"Starting Backup of VM {vmid} ({guest.type})")
    dump.say(f"Backup started at {dump.moment}")
    dump.say(f"status = {guest.status}")
    if guest.lock is not None:
        kind = "VM" if guest.type == "qemu" else "CT"
        raise BackupError(f"{kind} is locked ({guest.lock})")
    try:
        volume = await _write_locked(dump, guest, began)
    except ApiError as error:
        raise BackupError(error.reason) from error
    _prune(dump, volume)
    seconds = time.strftime("%H:%M:%S", time.gmtime(world.clock.now() - began))
    dump.say(f"Finished Backup of VM {vmid} ({seconds})")
    dump.say(f"Backup finished at {dump.moment}")


async def _free_second(dump: Dump, guest: Guest) -> float:
    """When the backup begins: an archive's name tells the second, in which no other of the guest may have begun."""
    world, compress = dump.call.world, str(dump.options.get("compress", "0"))
    taken = {volume.name for volume in world.volumes.on(dump.storage.id)}
    while f"backup/{archive_name(guest, world.clock.now(), compress)}" in taken:
        await world.clock.sleep(1.0)
    return world.clock.now()


async def _write_locked(dump: Dump, guest: Guest, began: float) -> Volume:
    """Make the archive under the guest's lock; a worker that is killed leaves the lock behind."""
    _put_lock(guest)
    try:
        volume = await _write(dump, guest, began)
    except TaskError:
        _unlock(guest)
        raise
    _unlock(guest)
    return volume


async def _write(dump: Dump, guest: Guest, began: float) -> Volume:
    options, compress = dump.options, str(dump.options.get("compress", "0"))
    running = guest.status == "running"
    mode = str(options.get("mode", DEFAULT_MODE)) if running else "stop"
    dump.say(f"backup mode: {mode}")
    dump.say(f"ionice priority: {options.get('ionice', 7)}")
    disks = [disk for disk in disks_of(guest) if disk.included]
    name = archive_name(guest, began, compress)
    for line in _inventory(guest, disks):
        dump.say(line)
    dump.say(f"creating vzdump archive '{path_of(dump.storage, f'backup/{name}')}'")
    size = archive_size(guest, sum(disk.size for disk in disks), compress)
    if running and mode == "stop":
        _restart(dump, guest)
    await _copy(dump, size)
    volume = put_archive(dump.call.world, dump.storage, guest, name, size, _beside(dump, guest))
    dump.say(f"archive file size: {size // MIB}MB")
    for key, line in (("notes", "adding notes to backup"), ("protected", "marking backup as protected")):
        if key in volume.options:
            dump.say(line)
    return volume


def _restart(dump: Dump, guest: Guest) -> None:
    """Let the guest stop and run again, which is how it is backed up at rest."""
    if isinstance(guest, ConfiguredGuest):
        dump.say("stopping virtual guest")
        guest.die()
        dump.say("restarting vm")
        guest.run()


def _inventory(guest: Guest, disks: list[Disk]) -> list[str]:
    name = given_name(guest)
    named = [f"{'VM' if guest.type == 'qemu' else 'CT'} Name: {name}"] if name else []
    if guest.type == "lxc":
        return named + [f"including mount point {disk.key} ('{_place(disk)}') in backup" for disk in disks]
    taken = [f"include disk '{disk.key}' '{disk.volid}' {size_text(disk.size)}" for disk in disks]
    return named + (taken or ["backup contains no disks"])


def _place(disk: Disk) -> str:
    return "/" if disk.key == "rootfs" else f"/{disk.key}"


async def _copy(dump: Dump, size: int) -> None:
    world = dump.call.world
    if world.pace.rate is None:
        await world.clock.sleep(DUMP_SECONDS)
        return
    await world.traffic.copy(world.clock, dump.storage, dump.call.text("node"), size, world.pace.rate)


def _beside(dump: Dump, guest: Guest) -> dict[str, object]:
    beside: dict[str, object] = {}
    template = dump.options.get("notes-template")
    if template:
        beside["notes"] = notes(str(template), guest, dump.call.world.cluster)
    if dump.options.get("protected"):
        beside["protected"] = 1
    return beside


def notes(template: str, guest: Guest, cluster: str | None) -> str:
    """The notes that a template makes for a guest."""
    values = {
        "{{guestname}}": given_name(guest) or str(guest.vmid),
        "{{vmid}}": str(guest.vmid),
        "{{node}}": guest.node,
        "{{cluster}}": cluster or "standalone node",
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template.replace("\\n", "\n").replace("\\\\", "\\")


def _prune(dump: Dump, newest: Volume) -> None:
    """Remove the guest's older backups that the rules do not keep."""
    rules = dump.options.get("prune-backups", dump.storage.options.get("prune-backups"))
    if not rules or not dump.options.get("remove", 1):
        return
    world, group = dump.call.world, group_of(newest)
    dump.say(f"prune older backups with retention: {rules}")
    marks = marked(world, dump.storage, dump.call.text("node"), keeping(rules))
    gone = [
        volume
        for volume in list(world.volumes.on(dump.storage.id))
        if marks.get(volume.volid) == "remove" and group_of(volume) == group
    ]
    for volume in gone:
        dump.say(f"removing backup '{volume.volid}'")
        world.volumes.remove(volume)
    dump.say(f"pruned {len(gone)} backup(s) not covered by keep-retention policy")


def _put_lock(guest: Guest) -> None:
    if isinstance(guest, ConfiguredGuest):
        guest.put_lock(LOCK)


def _unlock(guest: Guest) -> None:
    if isinstance(guest, ConfiguredGuest):
        guest.unlock(LOCK)
