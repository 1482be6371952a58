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
from setpoint_proxmox.guest.layout import Option, Spot, written
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.guest.volumes import is_vacant, leaving
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.project import PASSWORD, cloudinit_slot, drives
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE, is_disk
from setpoint_proxmox.kinds.virtual_machine.volumes import fresh, refusals, storage_for
from setpoint_proxmox.mark import with_mark

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
    draft = _Draft(vm, planning, refused, leaving(changes, LAYOUT) | refused | _coreless(changes, vm))
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
    coming = {spot.name for spot in spots} - refused - _coreless(changes, vm)
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


def _coreless(changes: Iterable[Change], vm: VmState) -> frozenset[str]:
    """The devices that are not there and of which only a part is to be written.

    That is so where somebody removed one and drift is not corrected, and then a part of it was declared anew.
    """
    spots = [spot for change in changes if (spot := LAYOUT.spot(change.path)) is not None]
    wanted = {spot.name for spot in spots if spot.option.core and is_vacant(spot.name, vm)}
    begun = {spot.name for spot in spots if spot.row is not None and spot.row.key == spot.option.core}
    return frozenset(wanted - begun)


class _Draft:
    """A write in the making."""

    def __init__(
        self,
        vm: VmState,
        planning: Planning[VirtualMachineSpec, VmState],
        refused: AbstractSet[str],
        skipped: AbstractSet[str],
    ) -> None:
        self._vm = vm
        self._planning = planning
        self._refused = refused
        self._skipped = skipped
        self._config: dict[str, Json] = {}
        self._delete: list[str] = []
        self._texts: dict[str, tuple[Option, Mapping[str, str]]] = {}
        self.secrets: dict[str, Pointer] = {}
        self.storages: set[str] = set()

    def take(self, change: Change) -> bool:
        """Take up what corrects a change; gives False when no write does."""
        match change.path:
            case "/cloudInit/password":
                self.secrets["cipassword"] = PASSWORD
                return True
            case path if path in _DRIVE_PLACES:
                return self._make_cloudinit_drive(change)
            case "/description":
                owner = self._planning.owner
                self._config["description"] = with_mark(str(change.desired), owner.mark(str(self._vm.vmid)))
                return True
            case path:
                spot = LAYOUT.spot(path)
                return spot is not None and self._take(spot, change)

    def result(self) -> tuple[dict[str, Json], tuple[str, ...]]:
        """The options to write and those to take away."""
        config, delete = dict(self._config), list(self._delete)
        for name, (option, parts) in self._texts.items():
            if parts:
                config[name] = option.syntax.join(parts)
            else:
                delete.append(name)
        return config, tuple(sorted(delete))

    def _take(self, spot: Spot, change: Change) -> bool:
        desired = change.desired
        if desired is MISSING and spot.name in self._refused:
            return False
        if desired is MISSING or (spot.row is None and desired is None):
            self._delete.append(spot.name)
            return True
        if spot.name in self._skipped:
            return False
        if spot.row is None:
            self._texts.setdefault(spot.name, (spot.option, spot.option.begins))
        elif not spot.row.key:
            self._write_whole(spot, spot.row.form.write(desired))
        elif spot.option.volume and spot.row.key in ("file", "size"):
            return self._take_volume(spot, change)
        else:
            self._texts[spot.name] = spot.option, written(spot, desired, self._parts(spot))
        return True

    def _write_whole(self, spot: Spot, value: Json) -> None:
        if value is None:
            self._delete.append(spot.name)
        else:
            self._config[spot.name] = value

    def _parts(self, spot: Spot) -> Mapping[str, str]:
        """The sub-options so far: as drafted, as they will be or are, or of a new one."""
        if spot.name in self._texts:
            return self._texts[spot.name][1]
        for config in (self._vm.coming, self._vm.current):
            if spot.name in config:
                return spot.option.syntax.split(str(config[spot.name]))
        return self._made(spot) if spot.option.volume else spot.option.begins

    def _take_volume(self, spot: Spot, change: Change) -> bool:
        """Make the volume of a slot that is empty now and stays so.

        One that waits for the next start is taken up as it is; one that would go or be replaced then is kept.
        """
        if is_vacant(spot.name, self._vm):
            self._texts[spot.name] = spot.option, self._parts(spot)
            return True
        keeps = change.later and spot.name in self._vm.current
        if keeps or (spot.name not in self._vm.current and self._vm.power == "stopped"):
            config = self._vm.current if keeps else self._vm.coming
            self._texts.setdefault(spot.name, (spot.option, DRIVE.split(str(config[spot.name]))))
            return True
        return False

    def _made(self, spot: Spot) -> Mapping[str, str]:
        self.storages.add(storage_for(spot.name, self._planning.spec))
        return fresh(spot.name, spot.option, self._planning.spec)

    def _make_cloudinit_drive(self, change: Change) -> bool:
        here, coming = cloudinit_slot(self._vm.current), cloudinit_slot(self._vm.coming)
        if here is not None:
            if change.later:
                self._config[here] = self._vm.current[here]
            return change.later
        if coming is not None:
            if self._vm.power == "stopped":
                self._config[coming] = self._vm.coming[coming]
            return self._vm.power == "stopped"
        slot = free_slot(self._vm, self._planning.spec)
        storage = cloudinit_storage(self._vm, self._planning.spec)
        if slot is None or storage is None:
            return False
        self._config[slot] = f"{storage}:cloudinit"
        self.storages.add(storage)
        return True
