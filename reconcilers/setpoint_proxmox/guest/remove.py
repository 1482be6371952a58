"""Takes a guest away: shut down first, destroyed last, with the volumes that are its own. Pure; neighbour: `act`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint.model.identity import Owner
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Tree
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.state import GuestState, volumes


def remove(owner: Owner, guest: GuestState, facts: Facts) -> tuple[Step, ...]:
    """Shut it down, switched off where it does not obey; then destroy it. What stands against that is said instead."""
    why = obstacle(owner, guest)
    if why is not None:
        return (why,)
    where: Tree = {"node": guest.node}
    used = scopes(facts, guest.node)
    destroy = Step("destroy", _sentence(guest), (), Disruption.DESTROY, where, scopes=used)
    if guest.power == "stopped":
        return (destroy,)
    summary = f"shut {guest} down, or switch it off after 3 minutes"
    stop = Step("shutdown", summary, (), Disruption.DESTROY, {**where, "force": True}, scopes=used)
    return stop, destroy


def obstacle(owner: Owner, guest: GuestState) -> Step | None:
    """What stands against it: another mark or none, a lock, protection."""
    tool = guest.words.tool
    if guest.mark != owner.mark(str(guest.vmid)):
        why = f"{guest} does not bear the mark of {owner.key}, so it is not destroyed"
        return obstructed(why, f"setpoint forget {owner.key}", ())
    if guest.lock:
        why = f"{guest} is locked ({guest.lock}), so it is not destroyed"
        remedy = f"wait until that ends; if nothing works on it any more: {tool} unlock {guest.vmid}"
        return obstructed(why, remedy, (), passing=True)
    if guest.protected:
        why = f"{guest} is protected, so it is not destroyed"
        return obstructed(why, f"{tool} set {guest.vmid} --protection 0, or setpoint forget {owner.key}", ())
    return None


def _sentence(guest: GuestState) -> str:
    """What is lost."""
    own = sorted(set(_own_volumes(guest)))
    return f"destroy {guest}" + (f" with {', '.join(own)}" if own else "")


def _own_volumes(guest: GuestState) -> Iterator[str]:
    """The volumes that Proxmox removes with it: those that bear its number, attached or not; no other's, no ISO image."""
    own = re.compile(rf"\b(vm|base|subvol|basevol)-{guest.vmid}-")
    for config in (guest.current, guest.coming):
        yield from (volume for _, volume in volumes(config) if own.search(volume))
