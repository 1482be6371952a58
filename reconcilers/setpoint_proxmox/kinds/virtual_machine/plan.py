"""From differences to steps, for whatever state the VM is in. Pure; one step is taken, then all is looked at again."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint.model.diff import MISSING, Change, Diff
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.quantity import format_bytes, parse_bytes
from setpoint.model.tree import Tree, parts
from setpoint_proxmox.kinds.virtual_machine.create import create
from setpoint_proxmox.kinds.virtual_machine.edit import edited, is_hot, lost_disk
from setpoint_proxmox.kinds.virtual_machine.spec import Power, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DiskText
from setpoint_proxmox.sizes import resize_text

Context = Planning[VirtualMachineSpec, VmState]


def plan(diff: Diff, planning: Context) -> tuple[Step, ...]:
    """Write first, then grow disks, then power, then restart; what cannot be done is said last."""
    vm = planning.observed
    if vm is None:
        return (create(diff.changes, planning),)
    changes = tuple(change for change in diff.changes if not change.fixed)
    if vm.lock and changes:
        why = f"VM {vm.vmid} is locked ({vm.lock}), so it is not changed"
        remedy = f"wait until that ends; if nothing works on it any more: qm unlock {vm.vmid}"
        return (obstructed(why, remedy, changes, passing=True),)
    return (
        *_configure(changes, vm, planning),
        *_resize(changes, vm),
        *_power(changes, vm, planning.spec),
        *_restart(changes, vm, planning.spec),
        *_obstacles(changes, vm),
    )


def _configure(changes: tuple[Change, ...], vm: VmState, planning: Context) -> Iterator[Step]:
    """One write of every option that differs; what waits for a restart already is written already."""
    wanted = tuple(change for change in changes if not (change.accepted and _is_on(vm)))
    config, corrected = edited(wanted, vm, planning)
    if config:
        hot = _is_on(vm) and any(is_hot(option) for option in config)
        yield Step(
            "configure",
            "set " + ", ".join(_shown(change) for change in corrected),
            corrected,
            Disruption.HOT if hot else Disruption.NONE,
            {"node": vm.node, "digest": vm.digest, "config": config},
        )


def _resize(changes: tuple[Change, ...], vm: VmState) -> Iterator[Step]:
    for change, slot, observed, desired in _sizes(changes, vm):
        if desired > observed:
            yield Step(
                "resize",
                f"grow disk {slot} from {change.observed} to {change.desired}",
                (change,),
                Disruption.HOT if _is_on(vm) else Disruption.NONE,
                {"node": vm.node, "digest": vm.digest, "disk": slot, "size": resize_text(desired)},
            )


def _power(changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec) -> Iterator[Step]:
    """A change of power that was declared is what the person asked for, so it is no restart that may be held."""
    change = next((change for change in changes if change.path == "/power"), None)
    if change is None:
        return
    where: Tree = {"node": vm.node}
    if change.desired == Power.STOPPED:
        force = {"force": spec.force_stop}
        yield Step("shutdown", f"shut VM {vm.vmid} down", (change,), Disruption.HOT, where | force)
    elif vm.power == "paused":
        yield Step("resume", f"resume VM {vm.vmid}", (change,), Disruption.NONE, where)
    else:
        yield Step("start", f"start VM {vm.vmid}", (change,), Disruption.NONE, where)


def _restart(changes: tuple[Change, ...], vm: VmState, spec: VirtualMachineSpec) -> Iterator[Step]:
    waiting = tuple(change for change in changes if change.accepted)
    if waiting and _is_on(vm) and spec.power is not Power.STOPPED:
        fields = ", ".join(change.path.lstrip("/") for change in waiting)
        yield Step(
            "restart",
            f"restart VM {vm.vmid}, so that {fields} takes effect",
            waiting,
            Disruption.RESTART,
            {"node": vm.node},
        )


def _obstacles(changes: tuple[Change, ...], vm: VmState) -> Iterator[Step]:
    for change, slot, observed, desired in _sizes(changes, vm):
        if desired < observed:
            yield obstructed(
                f"disk {slot} of VM {vm.vmid} is {format_bytes(observed)}, and Proxmox cannot shrink it to "
                f"{format_bytes(desired)}",
                f"declare {format_bytes(observed)}, or replace the disk by hand",
                (change,),
            )
    for slot in sorted({parts(change.path)[1] for change in changes if change.path.startswith("/disks/")}):
        yield from _occupied(slot, tuple(c for c in changes if c.path.startswith(f"/disks/{slot}/")), vm)


def _occupied(slot: str, changes: tuple[Change, ...], vm: VmState) -> Iterator[Step]:
    """A slot that holds no disk, and one whose disk lies detached: neither is ours to fill."""
    text = vm.current.get(slot)
    lost = lost_disk(changes[0], vm)
    if text is not None and DiskText.parse(str(text)).storage is None:
        why = f"slot {slot} of VM {vm.vmid} holds '{text}', which is no disk on a storage"
        yield obstructed(why, "choose another slot, or remove by hand what is in it", changes)
    if lost:
        why = f"disk {slot} of VM {vm.vmid} is gone and {lost} lies detached; a new disk would be empty"
        remedy = (
            f"attach it again on {vm.node}: qm set {vm.vmid} --{slot} {lost}; or remove it to get a new one"
        )
        yield obstructed(why, remedy, changes)


def _sizes(changes: tuple[Change, ...], vm: VmState) -> Iterator[tuple[Change, str, int, int]]:
    """Every disk that has another size now: the change, the slot, observed and desired bytes."""
    for change in changes:
        here = not change.later and change.observed is not MISSING
        match parts(change.path):
            case ("disks", slot, "size") if here and slot in vm.current:
                yield change, slot, parse_bytes(change.observed), parse_bytes(change.desired)
            case _:
                pass


def _is_on(vm: VmState) -> bool:
    return vm.power != "stopped"


def _shown(change: Change) -> str:
    return f"{change.path.lstrip('/').replace('/', '.')} to {change.desired}"
