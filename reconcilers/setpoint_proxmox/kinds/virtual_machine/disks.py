"""Steps for volumes that are there: growing and moving them; and why some of it is not done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.quantity import format_bytes, parse_bytes
from setpoint.model.tree import Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.sizes import resize_text


def resizes(changes: Iterable[Change], vm: VmState, facts: Facts) -> Iterator[Step]:
    """Grow every disk that is to be larger."""
    for change, slot in _differing(changes, "size", vm):
        if parse_bytes(change.desired) > parse_bytes(change.observed):
            size = resize_text(parse_bytes(change.desired))
            yield Step(
                "resize",
                f"grow disk {slot} from {change.observed} to {change.desired}",
                (change,),
                _disruption(vm),
                {"node": vm.node, "digest": vm.digest, "disk": slot, "size": size},
                scopes=scopes(facts, vm.node),
            )


def moves(changes: Iterable[Change], vm: VmState, spec: VirtualMachineSpec, facts: Facts) -> Iterator[Step]:
    """Move every disk for which another storage was declared."""
    for change, slot in _differing(changes, "storage", vm):
        if change.cause is Cause.DECLARED:
            target, chosen = str(change.desired), spec.disks[slot].format
            arguments: Tree = {"node": vm.node, "digest": vm.digest, "disk": slot, "storage": target}
            yield Step(
                "move",
                f"move disk {slot} from {change.observed} to {target}",
                (change,),
                _disruption(vm),
                arguments if chosen is None else {**arguments, "format": chosen.value},
                scopes=scopes(facts, vm.node, target),
            )


def obstacles(changes: tuple[Change, ...], vm: VmState) -> Iterator[Step]:
    """What is not done to a volume that is there."""
    for change, slot in _differing(changes, "size", vm):
        if parse_bytes(change.desired) < parse_bytes(change.observed):
            seen = format_bytes(parse_bytes(change.observed))
            yield obstructed(
                f"disk {slot} of VM {vm.vmid} is {seen}, and Proxmox cannot shrink it to {change.desired}",
                f"declare {seen}, or replace the disk by hand",
                (change,),
            )
    for change, slot in _differing(changes, "storage", vm):
        if change.cause is Cause.DRIFT:
            yield obstructed(
                f"disk {slot} of VM {vm.vmid} lies on {change.observed} and not on {change.desired}; what was moved by "
                "hand is not moved back by itself",
                f"declare storage: {change.observed}; or move it back on {vm.node}: "
                f"qm disk move {vm.vmid} {slot} {change.desired} --delete 1",
                (change,),
            )


def _differing(changes: Iterable[Change], field: str, vm: VmState) -> Iterator[tuple[Change, str]]:
    """Every disk that is there and has another `field` now: the change and the slot."""
    for change in changes:
        here = not change.later and change.observed is not MISSING
        match parts(change.path):
            case ("disks", slot, name) if name == field and here and slot in vm.current:
                yield change, slot
            case _:
                pass


def _disruption(vm: VmState) -> Disruption:
    return Disruption.NONE if vm.power == "stopped" else Disruption.HOT
