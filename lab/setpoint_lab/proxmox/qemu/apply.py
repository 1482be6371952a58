"""Applies what is pending to a VM that does not run: drives that go become unused, everything else takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.images import allocate, lookup
from setpoint_lab.proxmox.pending import tidy
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.disks import CLOUDINIT_SIZE, destroy, keep_unused
from setpoint_lab.proxmox.qemu.drives import Drive
from setpoint_lab.proxmox.volume_names import storage_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.config import Config
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.worker import Worker


def apply_pending(worker: Worker, vm: Vm, config: Config) -> None:
    """Bring everything pending into effect and write the config."""
    for key, force in sorted(config.deletes.items()):
        drive = parse_drive(config.current, key)
        if drive is not None:
            remove_drive(worker, vm, config.current, drive, force=force)
        config.current.pop(key, None)
    config.deletes.clear()
    tidy(config)
    for key, value in list(config.pending.items()):
        old = parse_drive(config.current, key)
        if old is not None:
            keep_unused(worker, vm.vmid, config.current, old)
        config.current[key] = value
        del config.pending[key]
        new = parse_drive(config.current, key)
        if new is not None and new.is_cloudinit:
            ensure_cloudinit(worker, vm, new)
    vm.write(config)


def parse_drive(values: Section, key: str) -> Drive | None:
    """The drive that an option holds, None when the option holds none."""
    return Drive.parse(key, values[key]) if options.is_drive(key) and key in values else None


def remove_drive(worker: Worker, vm: Vm, values: Section, drive: Drive, *, force: bool) -> None:
    """Detach a drive, or destroy its volume."""
    if force:
        destroy(worker, vm.vmid, values, drive)
    else:
        keep_unused(worker, vm.vmid, values, drive)


def ensure_cloudinit(worker: Worker, vm: Vm, drive: Drive) -> None:
    """Make the cloud-init image's volume when it is gone."""
    if drive.volume is None or lookup(worker, drive.volume) is not None:
        return
    storage = storage_of(worker.world, drive.volume)
    base, _, form = drive.volume.partition(":")[2].rpartition("/")[2].partition(".")
    allocate(worker, storage, vm.vmid, CLOUDINIT_SIZE, form or None, base)
