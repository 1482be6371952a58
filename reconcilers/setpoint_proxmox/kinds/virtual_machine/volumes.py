"""Which volume a drive gets: an empty one, a copy, one that lies detached; or none, and why. Nothing is ever lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.plan import Step, obstructed
from setpoint_proxmox.guest.layout import Option
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import Disk, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.spec_disk import NEW
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE
from setpoint_proxmox.sizes import allocation_text

_OWNED: Final = re.compile(r"(?:vm|base)-(\d+)-")


def fresh(slot: str, option: Option, spec: VirtualMachineSpec) -> dict[str, str]:
    """The sub-options that make or attach the volume of an empty slot.

    Sent for a slot that holds one, an allocation would put an empty volume in its place.
    """
    if slot == "efidisk0" and spec.firmware.efi is not None:
        return {"file": f"{spec.firmware.efi.storage}:1", **option.begins}
    if slot == "tpmstate0" and spec.tpm is not None:
        return {"file": f"{spec.tpm.storage}:1", **option.begins}
    return _disk(spec.disks[slot])


def storage_for(slot: str, spec: VirtualMachineSpec) -> str:
    """The declared storage of a volume."""
    if slot == "efidisk0" and spec.firmware.efi is not None:
        return spec.firmware.efi.storage
    if slot == "tpmstate0" and spec.tpm is not None:
        return spec.tpm.storage
    return spec.disks[slot].storage


def is_vacant(slot: str, vm: VmState) -> bool:
    """Whether a slot holds nothing, now and after the next start."""
    return slot not in vm.current and slot not in vm.coming


def leaving(changes: Iterable[Change]) -> frozenset[str]:
    """The options that are declared no more and are taken away."""
    spots = (LAYOUT.spot(change.path) for change in changes if change.desired is MISSING)
    return frozenset(spot.name for spot in spots if spot is not None)


def refusals(changes: Iterable[Change], vm: VmState, spec: VirtualMachineSpec) -> Mapping[str, Step]:
    """The drives that are not ours to fill or to take away now, with the reason, by slot."""
    changes = tuple(changes)
    gone = leaving(changes)
    drives = {slot: drive for slot, drive in _drives(changes).items() if slot not in gone}
    leave = {slot: drive for slot, drive in _drives(changes).items() if slot in gone}
    found = {slot: _refusal(slot, option, of, vm, spec) for slot, (option, of) in drives.items()}
    found |= {slot: _protected(slot, of, vm) for slot, (_, of) in leave.items()}
    empty = {
        slot: of
        for slot, (_, of) in drives.items()
        if found[slot] is None
        and is_vacant(slot, vm)
        and slot in spec.disks
        and spec.disks[slot].volume is None
    }
    volumes = {slot: volume for slot, (option, _) in leave.items() if (volume := _volume(slot, option, vm))}
    if empty and volumes:
        found |= {slot: _renamed(slot, of, volumes, vm) for slot, of in empty.items()}
        found |= {slot: _stays(slot, leave[slot][1], empty, vm) for slot in volumes if found[slot] is None}
    return {slot: step for slot, step in found.items() if step is not None}


def _drives(changes: Iterable[Change]) -> Mapping[str, tuple[Option, tuple[Change, ...]]]:
    """The changes of every drive by its slot; a null that takes a device away is none of them."""
    found: dict[str, tuple[Option, tuple[Change, ...]]] = {}
    for change in changes:
        spot = LAYOUT.spot(change.path)
        if spot is None or spot.option.syntax is not DRIVE:
            continue
        if spot.row is not None or change.desired is MISSING:
            found[spot.name] = spot.option, (*found.get(spot.name, (spot.option, ()))[1], change)
    return found


def _protected(slot: str, changes: tuple[Change, ...], vm: VmState) -> Step | None:
    """Proxmox refuses the whole write that takes a drive from a protected VM."""
    if str(vm.current.get("protection", 0)) != "1" or all(change.accepted for change in changes):
        return None
    why = f"VM {vm.vmid} is protected, so drive {slot} stays although it is declared no more"
    return obstructed(why, "declare protection: false until it is gone, or declare the drive again", changes)


def _volume(slot: str, option: Option, vm: VmState) -> str:
    """The volume that a slot holds; empty when it holds none."""
    text = str(vm.current.get(slot) or vm.coming.get(slot) or "")
    return text.partition(",")[0] if option.volume else ""


def _renamed(slot: str, changes: tuple[Change, ...], volumes: Mapping[str, str], vm: VmState) -> Step:
    """A disk comes and another one leaves: perhaps the same one in another slot, whose data a new one would lack."""
    old = ", ".join(f"{name} with {volume}" for name, volume in sorted(volumes.items()))
    why = f"disk {slot} of VM {vm.vmid} is declared in place of {old}; a new disk would be empty"
    remedy = (
        f"write volume: '{min(volumes.items())[1]}' to attach that one, or volume: {NEW} for an empty disk"
    )
    return obstructed(why, remedy, changes)


def _stays(slot: str, changes: tuple[Change, ...], empty: Iterable[str], vm: VmState) -> Step:
    why = f"disk {slot} of VM {vm.vmid} stays until it is clear whether {', '.join(sorted(empty))} is to hold its data"
    return obstructed(why, "write a volume there", changes)


def _disk(disk: Disk) -> dict[str, str]:
    if disk.volume not in (None, NEW):
        return {"file": str(disk.volume)}
    size = "0" if disk.image is not None else allocation_text(disk.size)
    made = {"file": f"{disk.storage}:{size}"}
    if disk.image is not None:
        made["import-from"] = disk.image
    return made if disk.format is None else {**made, "format": disk.format.value}


def _refusal(
    slot: str, option: Option, changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec
) -> Step | None:
    strange = _strange(slot, option, vm)
    if strange:
        why = f"slot {slot} of VM {vm.vmid} holds '{strange}', which is not what is declared there"
        return obstructed(why, "choose another slot, or remove by hand what is in it", changes)
    if not option.volume or not is_vacant(slot, vm):
        return None
    volume = spec.disks[slot].volume if slot in spec.disks else None
    if volume not in (None, NEW):
        return _attachment(str(volume), changes, vm)
    return _lost(slot, changes, vm) or (_ambiguous(slot, changes, vm, spec) if volume is None else None)


def _strange(slot: str, option: Option, vm: VmState) -> str:
    """What stands in a slot and is of another sort; empty when nothing does."""
    for config in (vm.current, vm.coming):
        text = str(config.get(slot, ""))
        try:
            if text and not option.holds(DRIVE.split(text)):
                return text
        except ValueError:
            return text
    return ""


def _detached(vm: VmState) -> list[str]:
    """The volumes that lie detached."""
    names = (option for option in vm.coming if re.fullmatch(r"unused\d+", option))
    return [str(vm.coming[option]) for option in sorted(names)]


def _lost(slot: str, changes: tuple[Change, ...], vm: VmState) -> Step | None:
    """A volume that somebody detached; a new one would be an empty one in the place of somebody's data."""
    detached = _detached(vm)
    if not detached or all(change.cause is not Cause.DRIFT for change in changes):
        return None
    why = f"disk {slot} of VM {vm.vmid} is gone and {detached[0]} lies detached; a new disk would be empty"
    remedy = f"attach it again on {vm.node}: qm set {vm.vmid} --{slot} {detached[0]}; or remove it to get a new one"
    return obstructed(why, remedy, changes)


def _ambiguous(slot: str, changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec) -> Step | None:
    """A detached volume on the storage of a new one: only the person knows which of the two is meant."""
    storage = storage_for(slot, spec)
    near = [volume for volume in _detached(vm) if storage_of(volume) == storage]
    if not near:
        return None
    why = f"disk {slot} of VM {vm.vmid} is to be made on {storage}, where {', '.join(near)} lies detached"
    remedy = f"write volume: '{near[0]}' to attach it, or volume: {NEW} for an empty disk"
    if slot not in spec.disks:
        remedy = f"attach it on {vm.node}: qm set {vm.vmid} --{slot} {near[0]}; or remove it to get a new one"
    return obstructed(why, remedy, changes)


def _attachment(volume: str, changes: tuple[Change, ...], vm: VmState) -> Step | None:
    """Why a volume cannot be attached to a slot, if so."""
    owner = _OWNED.search(volume)
    if owner is None or owner[1] != str(vm.vmid):
        why = f"{volume} bears no name of VM {vm.vmid}, so it may be another guest's disk"
        return obstructed(why, "write image to copy it, or move it by hand to this VM first", changes)
    holder = next((name for name in vm.coming if _holds(name, volume, vm)), None)
    if holder is None:
        return None
    why = f"{volume} is attached to {holder} of VM {vm.vmid} already"
    return obstructed(why, f"declare the disk as {holder}, or detach it there first", changes)


def _holds(name: str, volume: str, vm: VmState) -> bool:
    options = (option for option, _ in LAYOUT.called(name))
    return any(option.volume for option in options) and str(vm.coming[name]).split(",")[0] == volume
