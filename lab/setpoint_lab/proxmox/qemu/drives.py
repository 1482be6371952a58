"""One drive of a VM as its property string says, and the boot order that names drives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.properties import PropertyError, split_properties
from setpoint_lab.proxmox.propstring import Format, render, size_bytes, size_text
from setpoint_lab.proxmox.qemu import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ALLOCATION = re.compile(r"^([^/:\s]+):(\d+(?:\.\d+)?)$")
_CLOUDINIT = re.compile(r"[:/](?:vm-\d+-)?cloudinit(?:\.\w+)?$")
_NOT_FOR_CDROM = frozenset({"snapshot", "format"})
_RATES = ("bps", "bps_rd", "bps_wr")


@dataclass(frozen=True, slots=True)
class Drive:
    """The drive `key` with its properties as text; `size` in bytes where it is known."""

    key: str
    properties: Mapping[str, str]
    size: int | None = None

    @classmethod
    @lru_cache(maxsize=8192)
    def parse(cls, key: str, text: str) -> Drive | None:
        """Read a property string; None when it says what such a drive cannot be."""
        try:
            found = split_properties(_format(key), text)
        except PropertyError:
            return None
        if "file" not in found:
            return None
        for rate in _RATES:
            if rate in found:
                found[f"m{rate}"] = f"{int(found.pop(rate)) / (1 << 20):.3f}"
        if found.get("media") == "cdrom" and (found.keys() & _NOT_FOR_CDROM or options.bus(key) == "virtio"):
            return None
        size = found.pop("size", None)
        return cls(key, found, size_bytes(size) if size is not None else None)

    @property
    def file(self) -> str:
        """The volume, a path, `none`, `cdrom`, or an order to allocate."""
        return self.properties["file"]

    @property
    def volume(self) -> str | None:
        """The volume id, None when there is none."""
        return self.file if ":" in self.file and not self.file.startswith("/") else None

    @property
    def is_cloudinit(self) -> bool:
        """Whether it holds the cloud-init image."""
        return _CLOUDINIT.search(self.file) is not None

    @property
    def is_cdrom(self) -> bool:
        """Whether it is a CD-ROM, the cloud-init image included."""
        return self.properties.get("media") == "cdrom"

    @property
    def allocation(self) -> tuple[str, float] | None:
        """Storage and GiB of an order to allocate, None when it is none."""
        found = _ALLOCATION.match(self.file)
        return (found[1], float(found[2])) if found else None

    def changed(self, *without: str, size: int | None = None, **properties: str) -> Drive:
        """The drive with other properties, without some, and with that size."""
        kept = {name: value for name, value in self.properties.items() if name not in without}
        return Drive(self.key, kept | properties, size)

    def __str__(self) -> str:
        sized = {} if self.size is None else {"size": size_text(self.size)}
        return render(_format(self.key), {**self.properties, **sized})


def drives(values: Mapping[str, str]) -> list[Drive]:
    """Every drive among the options, in the order in which volumes are made."""
    found = (Drive.parse(key, values[key]) for key in options.all_drives() if key in values)
    return [drive for drive in found if drive is not None]


def default_boot(values: Mapping[str, str]) -> str:
    """The boot order of a new VM: its first disk, CD-ROM and network card."""
    bootable = [drive for drive in drives(values) if drive.key in options.boot_drives()]
    disk = next((drive.key for drive in bootable if not drive.is_cdrom), None)
    cdrom = next((drive.key for drive in bootable if drive.is_cdrom), None)
    net = next((key for number in range(32) if (key := f"net{number}") in values), None)
    return boot_order(key for key in (disk, cdrom, net) if key is not None)


def boot_order(devices: Iterable[str]) -> str:
    """The value of `boot` for devices in order; empty when there are none."""
    names = ";".join(devices)
    return f"order={names}" if names else ""


def boot_devices(boot: str) -> list[str]:
    """The devices that `boot` names in order; none for the old form."""
    found = next((part for part in boot.split(",") if part.startswith("order=")), "order=")
    return [name for name in re.split(r"[;\s]+", found.removeprefix("order=")) if name]


def boot_disk(values: Mapping[str, str]) -> Drive | None:
    """The disk whose size lists show: the first in the boot order, or the first there is."""
    disks = {drive.key: drive for drive in drives(values) if not drive.is_cdrom}
    named = [key for key in boot_devices(values.get("boot", "")) if key in disks]
    if not named and boot_devices(values.get("boot", "")):
        return None
    return disks[named[0]] if named else next(iter(disks.values()), None)


def _format(key: str) -> Format:
    shape = options.shape(key) or {}
    found: Format = shape["format"]
    return found
