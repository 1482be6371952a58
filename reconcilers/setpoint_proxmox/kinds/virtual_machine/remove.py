"""Takes a VM away: shut down first, destroyed last, with the volumes that are its own. Pure; neighbour: `act_remove`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from setpoint.model.identity import Owner
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Tree
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.virtual_machine.scopes import scopes
from setpoint_proxmox.kinds.virtual_machine.state import VmState

_DRIVE: Final = re.compile(r"(scsi|virtio|sata|ide|efidisk|tpmstate|unused)\d+")


def remove(owner: Owner, vm: VmState, facts: Facts) -> tuple[Step, ...]:
    """Shut it down, switched off where it does not obey; then destroy it. What stands against that is said instead."""
    why = _obstacle(owner, vm)
    if why is not None:
        return (why,)
    where: Tree = {"node": vm.node}
    used = scopes(facts, vm.node)
    destroy = Step("destroy", _sentence(vm), (), Disruption.DESTROY, where, scopes=used)
    if vm.power == "stopped":
        return (destroy,)
    summary = f"shut VM {vm.vmid} down, or switch it off after 3 minutes"
    stop = Step("shutdown", summary, (), Disruption.DESTROY, {**where, "force": True}, scopes=used)
    return stop, destroy


def _obstacle(owner: Owner, vm: VmState) -> Step | None:
    if vm.mark != owner.mark(str(vm.vmid)):
        why = f"VM {vm.vmid} does not bear the mark of {owner.key}, so it is not destroyed"
        return obstructed(why, f"setpoint forget {owner.key}", ())
    if vm.lock:
        why = f"VM {vm.vmid} is locked ({vm.lock}), so it is not destroyed"
        remedy = f"wait until that ends; if nothing works on it any more: qm unlock {vm.vmid}"
        return obstructed(why, remedy, (), passing=True)
    if str(vm.current.get("protection") or "0") != "0":
        why = f"VM {vm.vmid} is protected, so it is not destroyed"
        return obstructed(why, f"qm set {vm.vmid} --protection 0, or setpoint forget {owner.key}", ())
    return None


def _sentence(vm: VmState) -> str:
    """What is lost."""
    own = sorted(set(_own_volumes(vm)))
    return f"destroy VM {vm.vmid}" + (f" with {', '.join(own)}" if own else "")


def _own_volumes(vm: VmState) -> Iterator[str]:
    """The volumes that Proxmox removes with it: those that bear its number, attached or not; no other's, no ISO image."""
    for config in (vm.current, vm.coming):
        for option, text in config.items():
            volume = str(text).partition(",")[0]
            if _DRIVE.fullmatch(option) and re.search(rf"\b(vm|base)-{vm.vmid}-", volume):
                yield volume
