"""Archives as they lie on storages: their names, what they hold, and those of a guest; neighbour: `retention`."""

from __future__ import annotations

import calendar
import re
import time
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.retention import Backup
from setpoint_lab.proxmox.backup.selection import config_of
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.qemu.config import Config
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import World

STAMP = "%Y_%m_%d-%H_%M_%S"
COMPRESSIONS = {"0": "", "1": ".lzo", "lzo": ".lzo", "gzip": ".gz", "zstd": ".zst"}
FRESH_CONTAINER_BYTES = {"": 173_445_120, ".lzo": 83_300_000, ".gz": 62_400_000, ".zst": 58_129_849}
"""The size of the archive of a container that holds a small system as its template made it, by compression."""

DISKLESS_BYTES = 7_168
"""The size of the archive of a VM without disks."""

SPARSE_SHARE = 64
"""An archive of a VM holds one in so many bytes of its disks: most of what they have was never written."""

_NAME = re.compile(
    r"^backup/vzdump-(qemu|lxc|openvz)-(\d+)-\d{4}(?:_\d\d){2}-\d\d(?:_\d\d){2}\.(?:tar|vma|tgz)\b"
)
_GROUP = re.compile(r"^backup/vzdump-(qemu|lxc|openvz)-(\d+)-")


def archive_name(guest: Guest, moment: float, compress: str) -> str:
    """The name of an archive that is begun now, for example `vzdump-lxc-100-2026_01_02-03_04_05.tar.zst`."""
    stamp = time.strftime(STAMP, time.gmtime(moment))
    form = "vma" if guest.type == "qemu" else "tar"
    return f"vzdump-{guest.type}-{guest.vmid}-{stamp}.{form}{COMPRESSIONS[compress]}"


def archive_size(guest: Guest, disks: int, compress: str) -> int:
    """The size of an archive; `disks` are the bytes of the guest's disks."""
    ending = COMPRESSIONS[compress]
    if guest.type == "lxc":
        return FRESH_CONTAINER_BYTES[ending]
    size = DISKLESS_BYTES + disks // SPARSE_SHARE
    return size // 3 if ending else size


def put_archive(
    world: World, storage: Storage, guest: Guest, name: str, size: int, beside: Mapping[str, object]
) -> Volume:
    """Let an archive of the guest lie on the storage; `beside` are notes and protection.

    It was made when its name says, which is when it was begun.
    """
    form = name.partition(".")[2]
    made = calendar.timegm(time.strptime("-".join(name.partition(".")[0].split("-")[3:]), STAMP))
    volid = f"{storage.id}:backup/{name}"
    shown = {"subtype": guest.type, **beside}
    text = held_config(guest)
    return world.volumes.add(
        Volume(volid, guest.node, "backup", form, size, guest.vmid, None, made, shown, text)
    )


def held_config(guest: Guest) -> str:
    """The config of a guest as an archive holds it: without snapshots, locks and what is pending."""
    config = config_of(guest)
    if guest.type == "qemu":
        return Config(config).render()
    return "".join(f"{key}: {value}\n" for key, value in sorted(config.items()))


def extracted_config(volume: Volume) -> str:
    """The config of the guest that an archive holds, as it is shown; of a VM with the places of its disks."""
    text = volume.text or ""
    if not volume.name.startswith("backup/vzdump-qemu-"):
        return text
    disks = [drive for drive in drives(Config.parse(text).current) if not drive.is_cdrom]
    lines = [
        f"#qmdump#map:{drive.key}:drive-{drive.key}:{drive.file.partition(':')[0]}:raw:" for drive in disks
    ]
    return text + "".join(f"{line}\n" for line in lines)


def backups_on(world: World, storage: Storage, node: str) -> list[Volume]:
    """The backups that a node sees on a storage."""
    found = world.volumes.on(storage.id, None if storage.shared else node)
    return [volume for volume in found if volume.content == "backup"]


def group_of(volume: Volume) -> tuple[str, int] | None:
    """Type and number of the guest that a backup is of, None when its name does not say."""
    found = _GROUP.match(volume.name)
    return (found[1], int(found[2])) if found else None


def as_backup(volume: Volume) -> Backup:
    """A backup as it is judged when old ones are removed."""
    protected = bool(volume.options.get("protected"))
    return Backup(volume.volid, volume.ctime or 0, protected, _NAME.match(volume.name) is not None)


def keeping(text: object) -> dict[str, int]:
    """What a `prune-backups` says is kept."""
    return {
        key: int(value) for key, value in split_properties(NAMED["prune-backups"], str(text or "")).items()
    }
