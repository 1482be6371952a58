"""Applies what is pending to a running VM, as far as its hardware can be changed while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.qemu import cloudinit_record, nets, options
from setpoint_lab.proxmox.qemu.apply import parse_drive, remove_drive
from setpoint_lab.proxmox.qemu.disks import keep_unused
from setpoint_lab.proxmox.qemu.drives import Drive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.config import Config
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.worker import Worker

PLUG_SECONDS = 0.3
DISK_UNPLUG_SECONDS = 3.0
BUSY_SECONDS = 6.0
DEFAULT_FEATURES = frozenset({"network", "disk", "usb"})
_BUSY = "hotplug problem - error on hot-unplugging device '{}' - still busy in guest?\n"
_DISK_NEEDS_RESTART = ("aio", "cache", "discard", "iothread", "product", "queues", "ro", "ssd", "vendor")


class Busy(Exception):  # noqa: N818  # a refusal of the guest, told per key
    """The guest does not let go of a device; the text is its key."""


def features(values: Mapping[str, str]) -> frozenset[str]:
    """What may be plugged while the VM runs."""
    text = values.get("hotplug", "1")
    if text in {"0", "1"}:
        return DEFAULT_FEATURES if text == "1" else frozenset()
    return frozenset(split_list(text))


async def hotplug(worker: Worker, vm: Vm, config: Config, modified: AbstractSet[str]) -> dict[str, str]:
    """Apply what can be applied and write the config; what went wrong, by key.

    Options without an effect on the hardware are always applied, the others only when `modified` names them.
    """
    plug = _Plug(worker, vm, config)
    for key in [key for key in config.pending if options.applies_at_once(key)]:
        plug.take(key)
    errors: dict[str, str] = {}
    for key in sorted(modified & config.deletes.keys()):
        try:
            if await plug.removes(key):
                plug.forget(key)
        except Busy:
            errors[key] = _BUSY.format(key)
    for key in sorted(modified & config.pending.keys()):
        try:
            if await plug.changes(key):
                plug.take(key)
        except Busy:
            errors[key] = _BUSY.format(key)
    vm.write(config)
    return errors


class _Plug:
    """One round of changes to the hardware of one VM."""

    def __init__(self, worker: Worker, vm: Vm, config: Config) -> None:
        self._worker = worker
        self._vm = vm
        self._config = config
        self._features = features(config.current)

    def take(self, key: str) -> None:
        """Let the pending value of an option be the current one."""
        value = self._config.pending.pop(key)
        cloudinit_record.record(self._config, key, value)
        self._config.current[key] = value

    def forget(self, key: str) -> None:
        """Let an option be gone."""
        cloudinit_record.record(self._config, key, None)
        self._config.current.pop(key, None)
        del self._config.deletes[key]

    async def removes(self, key: str) -> bool:
        """Take an option's hardware away; False when that has to wait."""
        current = self._config.current
        if options.applies_at_once(key) or key in {"cpuunits", "cpulimit"}:
            return True
        if options.is_net(key):
            return await self._unplug_net(key)
        if options.is_drive(key):
            return await self._remove_drive(key)
        if key == "balloon":
            return current.get("balloon") != "0"
        if key == "hotplug":
            return "memory" not in self._features
        return self._pluggable(key)

    async def changes(self, key: str) -> bool:
        """Give a running VM what is pending for an option; False when that has to wait."""
        current, value = self._config.current, self._config.pending[key]
        if options.is_net(key):
            return await self._change_net(key, value)
        if options.is_drive(key):
            return await self._change_drive(key, value)
        return self._changes_value(key, current, value)

    def _changes_value(self, key: str, current: Section, value: str) -> bool:
        match key:
            case "cpuunits" | "cpulimit":
                return True
            case "balloon":
                return (current.get("balloon") != "0") == (value != "0")
            case "hotplug":
                return "memory" not in value and "memory" not in self._features
            case "agent":
                return "agent" in current and _agent(current["agent"]) == _agent(value)
            case _:
                return self._pluggable(key)

    def _pluggable(self, key: str) -> bool:
        bus = options.bus(key)
        if key == "tablet" or (
            bus == "usb" and self._config.current.get("ostype", "other").startswith(("l26", "win"))
        ):
            return "usb" in self._features
        return {"vcpus": "cpu", "memory": "memory"}.get(key) in self._features

    async def _unplug_net(self, key: str) -> bool:
        if "network" not in self._features:
            return False
        if not self._vm.behaviour.nic_unplug:
            await self._worker.sleep(BUSY_SECONDS)
            raise Busy(key)
        await self._worker.sleep(PLUG_SECONDS)
        return True

    async def _change_net(self, key: str, value: str) -> bool:
        old = self._config.current.get(key)
        if old is not None and not nets.needs_replug(nets.parse(old), nets.parse(value)):
            return True
        if old is not None and not await self._unplug_net(key):
            return False
        if "network" not in self._features:
            return False
        await self._worker.sleep(PLUG_SECONDS)
        return True

    async def _remove_drive(self, key: str) -> bool:
        drive = parse_drive(self._config.current, key)
        if not self._hotpluggable(key):
            return False
        if drive is not None:
            await self._unplug_disk(key)
            remove_drive(self._worker, self._vm, self._config.current, drive, force=self._config.deletes[key])
        return True

    async def _change_drive(self, key: str, value: str) -> bool:
        old, new = parse_drive(self._config.current, key), Drive.parse(key, value)
        if new is None or key in {"efidisk0", "tpmstate0"}:
            return False
        if old is not None and old.is_cdrom:
            if old.is_cloudinit and old.file != new.file:
                keep_unused(self._worker, self._vm.vmid, self._config.current, old)
            return True
        if old is not None and old.file == new.file:
            return all(old.properties.get(name) == new.properties.get(name) for name in _DISK_NEEDS_RESTART)
        if not self._hotpluggable(key):
            return False
        if old is not None:
            await self._unplug_disk(key)
            keep_unused(self._worker, self._vm.vmid, self._config.current, old)
        await self._worker.sleep(PLUG_SECONDS)
        return True

    async def _unplug_disk(self, key: str) -> None:
        if not self._vm.behaviour.disk_unplug:
            await self._worker.sleep(BUSY_SECONDS)
            raise Busy(key)
        await self._worker.sleep(DISK_UNPLUG_SECONDS)

    def _hotpluggable(self, key: str) -> bool:
        return "disk" in self._features and options.bus(key) in {"scsi", "virtio"}


def _agent(text: str) -> dict[str, str]:
    found = split_properties((options.shape("agent") or {})["format"], text)
    found.pop("fstrim_cloned_disks", None)
    return found
