"""PUT and POST of a config: every key is written as pending, one by one, and then what can be applied is applied.

That is not atomic: when a key fails, those written before it stay pending, in an order that is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_permissions import require_guest
from setpoint_lab.proxmox.pending import mark_delete, tidy
from setpoint_lab.proxmox.qemu import options, permissions
from setpoint_lab.proxmox.qemu.apply import apply_pending
from setpoint_lab.proxmox.qemu.disks import destroy, keep_unused, make
from setpoint_lab.proxmox.qemu.drives import Drive, boot_devices, boot_order, drives
from setpoint_lab.proxmox.qemu.figures import memory_of
from setpoint_lab.proxmox.qemu.hotplug import hotplug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.qemu.config import Config
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.worker import Worker

DEFAULT_MEMORY = "512"


@dataclass(frozen=True, slots=True)
class Change:
    """What a request wants changed; `force` destroys the volumes of deleted drives."""

    values: Mapping[str, str]
    deletes: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    force: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.values or self.deletes or self.reverts)


def reverted(change: Change, config: Config) -> Change:
    """The change with every key that goes back to its current value spelled out."""
    back = {key: config.current[key] for key in change.reverts if key in config.current}
    gone = tuple(key for key in change.reverts if key not in config.current and key in config.pending)
    return Change({**change.values, **back}, change.deletes + gone, (), change.force)


def check_balloon(change: Change, config: Config) -> None:
    """Raise when the balloon would be larger than the memory."""
    if "memory" not in change.values and "balloon" not in change.values:
        return
    memory, balloon = (
        change.values.get(key) or config.pending.get(key) or config.current.get(key) or default
        for key, default in (("memory", DEFAULT_MEMORY), ("balloon", "0"))
    )
    if int(balloon) > memory_of(memory):
        raise ApiError.internal("balloon value too large (must be smaller than assigned memory)")


async def carry_out(worker: Worker, vm: Vm, change: Change) -> None:
    """Write the change as pending and apply what can be applied.

    Raises:
        ApiError: with what was written before still pending, or with a text per key that could not be applied.
    """
    modified: set[str] = set()
    for key in change.deletes:
        modified |= _delete(worker, vm, key, force=change.force)
    keys = sorted(change.values)
    worker.world.random.shuffle(keys)
    for key in keys:
        modified |= await _set(worker, vm, key, change)
    config = vm.load()
    if tidy(config):
        vm.write(config)
    if not config.pending and not config.deletes:
        return
    if vm.machine is None:
        apply_pending(worker, vm, config)
        return
    errors = await hotplug(worker, vm, config, modified)
    if errors:
        raise ApiError.parameters(errors)


def _delete(worker: Worker, vm: Vm, key: str, *, force: bool) -> set[str]:
    config = vm.load()
    value = config.current.get(key, config.pending.get(key))
    if value is None:
        return set()
    modified = {key}
    was_pending = config.pending.pop(key, None) is not None
    devices = boot_devices(config.pending.get("boot", config.current.get("boot", "")))
    if key in devices:
        config.pending["boot"] = boot_order(device for device in devices if device != key)
        modified.add("boot")
    drive = Drive.parse(key, value) if options.is_drive(key) else None
    if options.is_unused(key):
        _protect(config, f"unused disk '{value}'")
        _check_snapshots(config, value)
        destroy(worker, vm.vmid, config.current, Drive(key, {"file": value}))
        del config.current[key]
    elif drive is not None:
        _protect(config, f"drive '{key}'")
        _check_drive(worker, vm, drive)
        if was_pending:
            keep_unused(worker, vm.vmid, config.current, drive)
        mark_delete(config, key, force=force)
    else:
        _check_card(worker, config, key)
        mark_delete(config, key, force=force)
    vm.write(config)
    return modified


async def _set(worker: Worker, vm: Vm, key: str, change: Change) -> set[str]:
    config = vm.load()
    value = change.values[key]
    if config.pending.get(key) == value:
        return {key}
    modified = {key}
    if options.is_drive(key):
        modified |= await _set_drive(worker, vm, config, key, value)
    else:
        _check_card(worker, config, key)
        config.pending[key] = value
        if key == "boot":
            _check_boot(config, value, change)
    config.deletes.pop(key, None)
    vm.write(config)
    return modified


async def _set_drive(worker: Worker, vm: Vm, config: Config, key: str, value: str) -> set[str]:
    for text in (config.current.get(key), value):
        drive = Drive.parse(key, text) if text is not None else None
        if drive is not None:
            _check_drive(worker, vm, drive)
    waiting = Drive.parse(key, config.pending[key]) if key in config.pending else None
    if waiting is not None:
        keep_unused(worker, vm.vmid, config.current, waiting)
    config.pending |= await make(worker, vm.vmid, {key: value}, config.current | config.pending)
    drive = Drive.parse(key, config.pending[key])
    devices = boot_devices(config.pending.get("boot", config.current.get("boot", "")))
    if drive is None or not devices or key in devices or not drive.is_cdrom or drive.is_cloudinit:
        return set()
    config.pending["boot"] = boot_order([*devices, key])
    return {"boot"}


def _check_boot(config: Config, value: str, change: Change) -> None:
    known = config.current.keys() | config.pending.keys() | change.values.keys()
    for device in boot_devices(value):
        if device not in known or device in change.deletes:
            raise ApiError.internal(f"invalid bootorder: device '{device}' does not exist'")
    if boot_devices(value) and "bootdisk" in config.current:
        mark_delete(config, "bootdisk", force=False)


def _check_card(worker: Worker, config: Config, key: str) -> None:
    if options.is_net(key) and key in config.current:
        permissions.check_bridges(worker.call, {key: config.current[key]})


def _check_drive(worker: Worker, vm: Vm, drive: Drive) -> None:
    """A CD-ROM and a disk need different privileges."""
    needed = ["VM.Config.CDROM"] if drive.is_cdrom and not drive.is_cloudinit else ["VM.Config.Disk"]
    also = ["VM.Config.CDROM", "VM.Config.Cloudinit"] if drive.is_cloudinit else []
    require_guest(worker.call, vm.vmid, None, *needed, *also)


def _check_snapshots(config: Config, file: str) -> None:
    if any(drive.file == file for values in config.snapshots.values() for drive in drives(values)):
        raise ApiError.internal(f"unable to delete '{file}' - volume is still in use (snapshot?)")


def _protect(config: Config, what: str) -> None:
    if config.current.get("protection") == "1":
        raise ApiError.internal(f"can't remove {what} - protection mode enabled")
