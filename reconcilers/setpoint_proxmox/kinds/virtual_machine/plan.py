"""From differences to steps, for whatever state the VM is in. Pure; one step is taken, then all is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from setpoint.model.diff import Change, Diff
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.guest.migrate import migrations
from setpoint_proxmox.guest.order import unhurried
from setpoint_proxmox.guest.plan import enroll, locked, power, restart, sentence
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.virtual_machine.create import Context, create
from setpoint_proxmox.kinds.virtual_machine.disks import moves, obstacles, resizes
from setpoint_proxmox.kinds.virtual_machine.edit import (
    cloudinit_storage,
    edited,
    free_slot,
    is_hot,
    unbootable,
)
from setpoint_proxmox.kinds.virtual_machine.latent import is_latent
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.project import cloudinit_slot
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.volumes import refusals


def plan(diff: Diff, planning: Context) -> tuple[Step, ...]:
    """Write, then what takes longer, then power, then restart; what cannot be done is said last."""
    vm = planning.observed
    if vm is None:
        return (create(diff.changes, planning),)
    changes = tuple(change for change in diff.changes if not change.fixed)
    if vm.lock and changes:
        return (locked(changes, vm),)
    larger = (*resizes(changes, vm, planning.facts), *moves(changes, vm, planning.spec, planning.facts))
    return (
        *_configure(unhurried(changes, larger, LAYOUT), vm, planning),
        *_regenerate(changes, vm, planning),
        *larger,
        *migrations(changes, vm, planning.spec.placement, planning.facts),
        *enroll(changes, vm, planning.facts),
        *power(changes, vm, planning.facts, force=planning.spec.force_stop),
        *restart(changes, vm, planning.facts, planning.spec.power),
        *refusals(changes, vm, planning.spec).values(),
        *obstacles(changes, vm),
        *_no_room(changes, vm, planning.spec),
        *_unbootable(changes, vm, planning.spec),
    )


def _configure(changes: tuple[Change, ...], vm: VmState, planning: Context) -> Iterator[Step]:
    """One write of every option that differs; what waits for a restart already is written already."""
    edit = edited((change for change in changes if not (change.accepted and vm.is_on)), vm, planning)
    if not (edit.config or edit.delete or edit.secrets):
        return
    options = (*edit.config, *edit.delete)
    arguments: Tree = {
        "node": vm.node,
        "digest": vm.digest,
        "config": dict(edit.config),
        "delete": list[Json](edit.delete),
    }
    if edit.secrets:
        arguments["secrets"] = dict[str, Json](edit.secrets)
    yield Step(
        "configure",
        sentence(edit.corrected, lambda change: _removed(change, vm)),
        edit.corrected,
        Disruption.HOT if vm.is_on and any(is_hot(option) for option in options) else Disruption.NONE,
        arguments,
        scopes=scopes(planning.facts, vm.node, *edit.storages),
        then=_later(edit.corrected, vm, planning),
    )


def _later(corrected: tuple[Change, ...], vm: VmState, planning: Context) -> Step | None:
    """The restart that such a write makes necessary, as far as that is known already."""
    latent = tuple(replace(change, accepted=True) for change in corrected if is_latent(change, vm))
    return next(restart(latent, vm, planning.facts, planning.spec.power), None)


def _regenerate(changes: tuple[Change, ...], vm: VmState, planning: Context) -> Iterator[Step]:
    """Show a running guest the settings that it finds at its next start."""
    outdated = tuple(change for change in changes if change.path == "/cloudInit/current")
    if outdated and cloudinit_slot(vm.current) is not None:
        yield Step(
            "regenerate",
            f"write the cloud-init drive of VM {vm.vmid} anew",
            outdated,
            arguments={"node": vm.node},
            scopes=scopes(planning.facts, vm.node),
        )


def _no_room(changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec) -> Iterator[Step]:
    """A drive for cloud-init that can be made nowhere."""
    wanted = tuple(change for change in changes if change.path == "/cloudInit/drive")
    if not wanted or cloudinit_slot(vm.current) is not None or cloudinit_slot(vm.coming) is not None:
        return
    if free_slot(vm, spec) is None:
        why = f"VM {vm.vmid} has no drive for cloud-init, and no slot for one is free"
        yield obstructed(why, "set spec.cloudInit.slot to a free slot", wanted)
    elif cloudinit_storage(vm, spec) is None:
        why = f"VM {vm.vmid} has no drive for cloud-init, and no disk that tells where one may lie"
        yield obstructed(why, "set spec.cloudInit.storage to a storage for disk images", wanted)


def _unbootable(changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec) -> Iterator[Step]:
    why = unbootable(changes, vm, spec)
    if why is not None:
        yield why


def _removed(change: Change, vm: VmState) -> str:
    spot = LAYOUT.spot(change.path)
    name = ".".join(parts(change.path))
    if spot is None or not spot.option.volume:
        return f"remove {name}"
    text = str(vm.current.get(spot.name) or vm.coming.get(spot.name))
    return f"detach disk {spot.name}, whose volume {text.partition(',')[0]} is kept"
