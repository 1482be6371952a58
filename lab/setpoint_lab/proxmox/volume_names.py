"""Names of volumes as each type of storage writes them, and the words of those that cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.volumes import Storage, Volume
    from setpoint_lab.proxmox.world import World

_BLOCK = re.compile(r"^(?:(?:base|basevol)-\d+-\S+/)?(base|basevol|vm|subvol)-(\d+)-\S+$")
_IMAGE = re.compile(r"^(?:\d+/\S+/)?(\d+)/[^/\s]+$")
_FILE = re.compile(r"^(iso|vztmpl|backup|snippets|import|rootdir)/\S+$")
_NUMBER = re.compile(r"(?:^|/)(?:base|basevol|vm|subvol)-(\d+)-disk-(\d+)(?:\.\w+)?$")


@dataclass(frozen=True, slots=True)
class VolumeName:
    """What a volume's name says: its kind (images, rootdir, iso and so on) and the guest it belongs to."""

    kind: str
    owner: int | None


def storage_of(world: World, volid: str) -> Storage:
    """The storage that a volume id names.

    Raises:
        ApiError: there is no such storage.
    """
    return storage_named(world, volid.partition(":")[0])


def storage_named(world: World, name: str) -> Storage:
    """The storage of that name.

    Raises:
        ApiError: there is no such storage.
    """
    found = world.storages.get(name)
    if found is None:
        raise ApiError.internal(f"storage '{name}' does not exist")
    return found


def parse_name(storage: Storage, name: str) -> VolumeName:
    """Read the part of a volume id behind the storage.

    Raises:
        ApiError: the storage's type has no such names.
    """
    if storage.path is not None:
        found = _FILE.match(name)
        image = _IMAGE.match(name)
        if found is None and image is None:
            raise ApiError.internal(f"unable to parse directory volume name '{name}'")
        return VolumeName(found[1], None) if found else VolumeName("images", int(image[1]) if image else None)
    block = _BLOCK.match(name)
    if block is None:
        family = {"zfspool": "zfs", "rbd": "rbd"}.get(storage.type, "lvm")
        raise ApiError.internal(f"unable to parse {family} volume name '{name}'")
    return VolumeName("rootdir" if block[1] in {"subvol", "basevol"} else "images", int(block[2]))


def owner(world: World, volid: str) -> int | None:
    """The guest whose number a volume bears; None for files and for paths."""
    name, mark, rest = volid.partition(":")
    storage = world.storages.get(name)
    if not mark or storage is None:
        return None
    try:
        return parse_name(storage, rest).owner
    except ApiError:
        return None


def disk_number(volid: str, vmid: int) -> int | None:
    """N of a volume called `vm-VMID-disk-N`, whatever its prefix and suffix."""
    found = _NUMBER.search(volid.partition(":")[2])
    return int(found[2]) if found and int(found[1]) == vmid else None


def is_base(volid: str) -> bool:
    """Whether a volume belongs to a template, so that others can rest on it."""
    return volid.rpartition(":")[2].rpartition("/")[2].startswith(("base-", "basevol-"))


def next_name(volume: Volume, vmid: int, number: int, prefix: str = "vm") -> str:
    """The name of a volume for another guest or as a base, with another number."""
    folder, _, last = volume.name.rpartition("/")
    _, dot, ending = last.partition(".")
    return f"{f'{vmid}/' if folder else ''}{prefix}-{vmid}-disk-{number}{dot}{ending}"


def base_name(volume: Volume, vmid: int) -> str:
    """The name of a guest's volume as the base of linked clones."""
    prefix = "basevol" if volume.format == "subvol" else "base"
    return next_name(volume, vmid, disk_number(volume.volid, vmid) or 0, prefix)
