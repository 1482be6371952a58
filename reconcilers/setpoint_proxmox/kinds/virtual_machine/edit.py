"""Which options of the configuration a set of changes amounts to. Every value is whole: what we do not manage stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from setpoint.model.diff import MISSING, Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json, Pointer
from setpoint_proxmox.guest.draft import Draft, coreless
from setpoint_proxmox.guest.layout import Spot
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.guest.volumes import leaving
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.project import PASSWORD, cloudinit_slot, drives
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import is_disk
from setpoint_proxmox.kinds.virtual_machine.volumes import fresh, refusals, storage_for

CLOUDINIT_SLOTS: Final = ("ide2", "ide0", "ide3", "ide1", "sata5", "scsi30")
"""Where a drive for cloud-init is attached, the first free one."""

BOOT: Final[Pointer] = "/boot"

_DRIVE_PLACES: Final = ("/cloudInit/drive", "/cloudInit/slot", "/cloudInit/storage")


@dataclass(frozen=True)
class Edit:
    """One write.

    Attributes:
        config: option -> its whole new value.
        delete: options to take away.
        secrets: option -> the place of the secret that it is to hold.
        corrected: the changes that the write corrects.
        storages: where it makes a volume.
    """

    config: Mapping[str, Json]
    delete: tuple[str, ...]
    secrets: Mapping[str, Pointer]
    corrected: tuple[Change, ...]
    storages: frozenset[str]


def edited(changes: Iterable[Change], vm: VmState, planning: Planning[VirtualMachineSpec, VmState]) -> Edit:
    """The write that corrects what one write can."""
    changes = tuple(changes)
    refused = refusals(changes, vm, planning.spec).keys()
    draft = _Draft(vm, planning, refused, leaving(changes, LAYOUT) | refused | coreless(changes, vm, LAYOUT))
    if unbootable(changes, vm, planning.spec):
        changes = tuple(change for change in changes if change.path != BOOT)
    corrected = tuple(change for change in changes if draft.take(change))
    config, delete = draft.result()
    return Edit(config, delete, draft.secrets, corrected, frozenset(draft.storages))


def unbootable(changes: Iterable[Change], vm: VmState, spec: VirtualMachineSpec) -> Step | None:
    """Why the declared boot order is not written: Proxmox refuses the whole write for a device that is not there."""
    changes = tuple(changes)
    wanted = next((change for change in changes if change.path == BOOT and not change.accepted), None)
    if wanted is None or not isinstance(wanted.desired, list):
        return None
    refused = refusals(changes, vm, spec).keys()
    spots = [
        spot for change in changes if change.desired is not MISSING and (spot := LAYOUT.spot(change.path))
    ]
    coming = {spot.name for spot in spots} - refused - coreless(changes, vm, LAYOUT)
    there = (vm.current.keys() | vm.coming.keys()) - (leaving(changes, LAYOUT) - refused)
    drive = (
        {free_slot(vm, spec)} if any(change.path == _DRIVE_PLACES[0] for change in changes) else set[str]()
    )
    lacking = [str(slot) for slot in wanted.desired if slot not in there | coming | drive]
    if not lacking:
        return None
    why = (
        f"VM {vm.vmid} has no {', '.join(lacking)} to boot from"
        if vm.vmid
        else f"there is no {', '.join(lacking)} to boot from"
    )
    return obstructed(why, "declare it, or take it out of spec.boot", (wanted,))


def is_hot(name: str) -> bool:
    """Whether writing an option plugs something into a running VM."""
    return any(option.plugs for option, _ in LAYOUT.called(name))


def cloudinit_storage(vm: VmState, spec: VirtualMachineSpec) -> str | None:
    """Where a new drive for cloud-init lies: as declared, or beside the first disk."""
    if spec.cloud_init is not None and spec.cloud_init.storage is not None:
        return spec.cloud_init.storage
    declared = [spec.disks[slot].storage for slot in sorted(spec.disks)]
    seen = [storage_of(drive["file"]) for _, drive in drives(vm.coming) if is_disk(drive)]
    return next((storage for storage in (*declared, *seen) if storage is not None), None)


def free_slot(vm: VmState, spec: VirtualMachineSpec) -> str | None:
    """Where a new drive for cloud-init is attached: as declared, or the first free slot; None when it is taken."""
    wanted = spec.cloud_init.slot if spec.cloud_init is not None else None
    slots = CLOUDINIT_SLOTS if wanted is None else (wanted,)
    taken = vm.current.keys() | vm.coming.keys() | spec.disks.keys() | spec.cdroms.keys()
    return next((slot for slot in slots if slot not in taken), None)


class _Draft(Draft):
    """A write of a VM's options, with the secrets that it is to hold."""

    def __init__(
        self,
        vm: VmState,
        planning: Planning[VirtualMachineSpec, VmState],
        refused: AbstractSet[str],
        skipped: AbstractSet[str],
    ) -> None:
        super().__init__(vm, LAYOUT, planning.owner, refused, skipped)
        self._vm = vm
        self._spec = planning.spec
        self.secrets: dict[str, Pointer] = {}

    def volume(self, spot: Spot) -> tuple[str, Mapping[str, str]]:
        return storage_for(spot.name, self._spec), fresh(spot.name, spot.option, self._spec)

    def take(self, change: Change) -> bool:
        if change.path == PASSWORD:
            self.secrets["cipassword"] = PASSWORD
            return True
        if change.path in _DRIVE_PLACES:
            return self._make_cloudinit_drive(change)
        return super().take(change)

    def _make_cloudinit_drive(self, change: Change) -> bool:
        here, coming = cloudinit_slot(self._vm.current), cloudinit_slot(self._vm.coming)
        if here is not None:
            if change.later:
                self.config[here] = self._vm.current[here]
            return change.later
        if coming is not None:
            if self._vm.power == "stopped":
                self.config[coming] = self._vm.coming[coming]
            return self._vm.power == "stopped"
        slot = free_slot(self._vm, self._spec)
        storage = cloudinit_storage(self._vm, self._spec)
        if slot is None or storage is None:
            return False
        self.config[slot] = f"{storage}:cloudinit"
        self.storages.add(storage)
        return True
