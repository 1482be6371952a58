"""Which guests a backup takes and which of their disks; neighbours: the jobs, and the worker that makes archives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.propstring import size_bytes
from setpoint_lab.proxmox.qemu.drives import drives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.world import World

_MOUNT = re.compile(r"^mp\d+$")


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk or mount point of a guest; `included` is whether a backup takes it, `reason` says why, `size` in bytes."""

    key: str
    volid: str
    included: bool
    reason: str
    size: int = 0


def check_options(options: Mapping[str, object], *, complete: bool = True) -> None:
    """Raise 400 for options that contradict one another, and unless they name guests.

    Raises:
        ApiError: 400 with the text per option.
    """
    for key in ("all", "exclude", "pool"):
        if options.get(key) and options.get("vmid"):
            raise ApiError.parameters({key: "option conflicts with option 'vmid'"})
    chosen = any(options.get(key) for key in ("all", "stop", "pool", "exclude", "vmid"))
    if complete and not chosen:
        raise ApiError.parameters({"vmid": "property is missing"})


def chosen_vmids(world: World, options: Mapping[str, object]) -> list[int]:
    """The numbers that a job or a request is about, those that nobody bears included."""
    if options.get("vmid"):
        return [int(text) for text in split_list(str(options["vmid"]))]
    excluded = {int(text) for text in split_list(str(options.get("exclude") or ""))}
    if options.get("pool"):
        pool = world.pools.get(str(options["pool"]))
        return sorted((pool.guests if pool else set[int]()) - excluded)
    return sorted(world.guests.keys() - excluded)


def config_of(guest: Guest) -> dict[str, str]:
    """The options in effect of a guest of either type, as text."""
    found: Any = guest.state().get("config")
    return {key: str(value) for key, value in dict(found or {}).items() if key not in {"digest", "lock"}}


def disks_of(guest: Guest) -> list[Disk]:
    """The disks of a VM or the mount points of a container."""
    config = config_of(guest)
    if guest.type == "qemu":
        return [
            _judged(drive.key, drive.file, drive.properties.get("backup"), True, drive.size)
            for drive in drives(config)
            if not drive.is_cdrom
        ]
    return list(_mounts(config))


def _mounts(config: Mapping[str, str]) -> Iterator[Disk]:
    for key, text in sorted(config.items()):
        pairs = [part.partition("=") for part in text.split(",")]
        parts = {name: value for name, mark, value in pairs if mark}
        volid = parts.get("volume") or text.partition(",")[0]
        size = size_bytes(parts["size"]) if "size" in parts else None
        if key == "rootfs":
            yield Disk(key, volid, included=True, reason="rootfs", size=size or 0)
        elif _MOUNT.match(key) and (volid.startswith("/") or ":" not in volid):
            yield Disk(key, volid, included=False, reason="not a volume")
        elif _MOUNT.match(key):
            yield _judged(key, volid, parts.get("backup"), False, size)


def _judged(key: str, volid: str, word: str | None, usual: bool, size: int | None) -> Disk:  # noqa: FBT001
    included = usual if word is None else word == "1"
    return Disk(key, volid, included, "enabled" if included else "disabled", size or 0)
