"""Which volume a drive gets: an empty one, a copy, one that lies detached; or none, and why. Nothing is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setpoint.model.diff import Change
from setpoint.model.plan import Step
from setpoint_proxmox.guest import volumes
from setpoint_proxmox.guest.layout import Option
from setpoint_proxmox.guest.texts import NEW
from setpoint_proxmox.guest.volumes import Shelf
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import Disk, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE
from setpoint_proxmox.sizes import allocation_text


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


def refusals(changes: Iterable[Change], vm: VmState, spec: VirtualMachineSpec) -> Mapping[str, Step]:
    """The drives that are not ours to fill or to take away now, with the reason, by slot."""
    shelf = Shelf(
        vm,
        LAYOUT,
        DRIVE,
        noun="disk",
        slot="drive",
        chosen={slot: disk.volume for slot, disk in spec.disks.items()},
        storage=lambda slot: storage_for(slot, spec),
        attach=lambda slot, volume: f"qm set {vm.vmid} --{slot} {volume}",
        copies=True,
    )
    return volumes.refusals(changes, shelf)


def _disk(disk: Disk) -> dict[str, str]:
    if disk.volume not in (None, NEW):
        return {"file": str(disk.volume)}
    size = "0" if disk.image is not None else allocation_text(disk.size)
    made = {"file": f"{disk.storage}:{size}"}
    if disk.image is not None:
        made["import-from"] = disk.image
    return made if disk.format is None else {**made, "format": disk.format.value}
