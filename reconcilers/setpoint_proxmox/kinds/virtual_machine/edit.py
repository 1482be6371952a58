"""Which options of the configuration a set of changes amounts to. Every value is whole: what we do not manage stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from setpoint.model.diff import Cause, Change
from setpoint.model.identity import Mark
from setpoint.model.kind import Planning
from setpoint.model.quantity import parse_bytes
from setpoint.model.tree import Json, parts
from setpoint_proxmox.kinds.virtual_machine.spec import Disk, Nic, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import NicText
from setpoint_proxmox.mark import TAG, with_mark
from setpoint_proxmox.sizes import MIB, allocation_text

_HOT = ("net", "scsi", "virtio")
"""Beginnings of the options that a running VM takes by plugging; the rest is recorded, or needs no plugging."""


def edited(
    changes: tuple[Change, ...], vm: VmState, planning: Planning[VirtualMachineSpec, VmState]
) -> tuple[dict[str, Json], tuple[Change, ...]]:
    """The options to write, and the changes that they correct."""
    config: dict[str, Json] = {}
    corrected: list[Change] = []
    for change in changes:
        option = _option(change)
        value = _value(option, change, config, vm, planning)
        if value is not None:
            config[option] = value
            corrected.append(change)
    return config, tuple(corrected)


def is_hot(option: str) -> bool:
    """Whether writing `option` plugs something into a running VM."""
    return option.startswith(_HOT)


def lost_disk(change: Change, vm: VmState) -> str:
    """The detached volume that a drifted, empty slot may have held; empty when there is no such doubt.

    A new disk there would be an empty one in the place of somebody's data.
    """
    slot = parts(change.path)[1]
    if change.cause is not Cause.DRIFT or slot in vm.current or slot in vm.coming:
        return ""
    unused = sorted(option for option in vm.coming if option.startswith("unused"))
    return str(vm.coming[unused[0]]) if unused else ""


def new_disk(disk: Disk) -> str:
    """The text that allocates a disk. Sent for a slot that holds one, it would put an empty one in its place."""
    return f"{disk.storage}:{allocation_text(disk.size)}"


def new_nic(nic: Nic) -> str:
    """The text of a NIC that is not there yet; without a MAC address Proxmox chooses one."""
    options = {"bridge": nic.bridge}
    if nic.vlan is not None:
        options["tag"] = str(nic.vlan)
    if nic.firewall:
        options["firewall"] = "1"
    return NicText(nic.model.value, nic.mac or "", options).render()


def all_tags(tags: Iterable[str]) -> str:
    """The declared tags and ours, as Proxmox prints them."""
    return ";".join(sorted({TAG, *tags}))


def _option(change: Change) -> str:
    match parts(change.path):
        case ("disks" | "nics", slot, *_):
            return slot
        case _:
            return change.path.lstrip("/")


def _value(
    option: str,
    change: Change,
    config: Mapping[str, Json],
    vm: VmState,
    planning: Planning[VirtualMachineSpec, VmState],
) -> Json:
    """What `option` is to be; None when no write corrects the change."""
    match parts(change.path):
        case ("disks", slot, *_):
            return None if lost_disk(change, vm) else _disk(slot, change, vm, planning.spec)
        case ("nics", slot, field):
            return _nic(slot, field, change, config.get(option), vm, planning.spec)
        case ("description",):
            mark = Mark(planning.owner.estate, planning.owner.key, str(vm.vmid))
            return with_mark(str(change.desired), mark)
        case ("power",):
            return None
        case _:
            return _PLAIN[option](change.desired)


_PLAIN: Final[Mapping[str, Callable[[Json], Json]]] = {
    "cores": lambda value: value,
    "memory": lambda value: parse_bytes(value) // MIB,
    "onboot": lambda value: 1 if value else 0,
    "tags": lambda value: all_tags(str(tag) for tag in value) if isinstance(value, list) else TAG,
}


def _disk(slot: str, change: Change, vm: VmState, spec: VirtualMachineSpec) -> Json:
    """Allocate a disk for a slot that is empty now and stays so.

    One that waits for the next start is taken up as it is; one that would go or be replaced then is kept.
    """
    if slot in vm.current:
        return vm.current[slot] if change.later else None
    if slot in vm.coming:
        return vm.coming[slot] if vm.power == "stopped" else None
    return new_disk(spec.disks[slot])


def _nic(slot: str, field: str, change: Change, so_far: Json, vm: VmState, spec: VirtualMachineSpec) -> Json:
    """Change one option of a NIC; every other one, the MAC address above all, is sent as it is."""
    seen = so_far or vm.coming.get(slot) or vm.current.get(slot)
    if seen is None:
        return new_nic(spec.nics[slot])
    nic = NicText.parse(str(seen))
    match field:
        case "model":
            return replace(nic, model=str(change.desired)).render()
        case "mac":
            return replace(nic, mac=str(change.desired)).render()
        case "vlan":
            return _with(nic, "tag", None if change.desired is None else str(change.desired))
        case "firewall":
            return _with(nic, "firewall", "1" if change.desired else None)
        case _:
            return _with(nic, field, str(change.desired))


def _with(nic: NicText, option: str, value: str | None) -> str:
    others = {name: text for name, text in nic.options.items() if name != option}
    return replace(nic, options=others if value is None else {**others, option: value}).render()
