"""What moves with a VM to another node, and where it could go; neighbour: `migrate_calls`, its calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.images import lookup
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.drives import Drive, drives
from setpoint_lab.proxmox.worker import Worker

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.volumes import Volume


@dataclass(frozen=True, slots=True)
class LocalDisk:
    """A volume that only the VM's own node can reach."""

    drive: Drive
    volume: Volume
    unused: bool

    def row(self) -> dict[str, object]:
        """The disk as the preconditions list it."""
        return {
            "volid": self.volume.volid,
            "size": self.volume.size,
            "drivename": self.drive.key,
            "cdrom": int(self.drive.is_cdrom),
            "is_attached": int(not self.unused),
            "is_cloudinit": int(self.drive.is_cloudinit),
            "is_tpmstate": int(self.drive.key == "tpmstate0"),
            "is_unused": int(self.unused),
            "is_vmstate": 0,
            "replicate": int(self.drive.properties.get("replicate", "1")),
            "shared": int(self.drive.properties.get("shared", "0")),
        }


def local_disks(call: Call, vm: Vm) -> list[LocalDisk]:
    """The volumes of a VM that lie on storages which are not shared."""
    worker, values = Worker(call), vm.load().current
    found = [(drive, False) for drive in drives(values)] + [(drive, True) for drive in _unused(values)]
    disks: list[LocalDisk] = []
    for drive, unused in found:
        volume = lookup(worker, drive.volume) if drive.volume is not None else None
        if volume is not None and not call.world.storages[volume.storage].shared:
            disks.append(LocalDisk(drive, volume, unused))
    return disks


def local_resources(values: Section) -> list[str]:
    """The options that tie a VM to the hardware of its node."""
    ties = [key for key in values if options.bus(key) in {"hostpci", "usb"} and "spice" not in values[key]]
    ties += [key for key in values if options.bus(key) in {"serial", "parallel"} and values[key] != "socket"]
    return sorted(ties)


def unavailable(call: Call, vm: Vm, node: str) -> list[str]:
    """The storages that the VM needs and that are not configured for a node."""
    storages = call.world.storages
    named = {
        drive.volume.partition(":")[0] for drive in drives(vm.load().current) if drive.volume is not None
    }
    return sorted(name for name in named if name in storages and not storages[name].available_on(node))


def _unused(values: Section) -> list[Drive]:
    return [Drive(key, {"file": values[key]}) for key in sorted(values) if options.is_unused(key)]
