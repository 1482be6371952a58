"""How a guest begins as a copy of another one, the same for both types. Pure; neighbours: the kinds' `create`."""

from __future__ import annotations

from typing import TypeVar

from setpoint.model.diff import MISSING, Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Obstacle, Step, obstructed
from setpoint.model.tree import Tree
from setpoint_proxmox.allocate import free_vmid
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.guest.clone_spec import Clone
from setpoint_proxmox.guest.plan import no_node
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.spec import GuestSpec
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.guest.words import Words

P = TypeVar("P", bound=GuestSpec)
S = TypeVar("S", bound=GuestState)


def cloned(clone: Clone, changes: tuple[Change, ...], planning: Planning[P, S], words: Words) -> Step:
    """The step that copies a guest to our reserved id; what else is declared is written afterwards."""
    facts: Facts = planning.facts
    spec, name = planning.spec, planning.owner.key.name
    found = source_of(clone, facts, changes, words)
    if isinstance(found, Step):
        return found
    to = spec.node or found.node
    if to not in facts.nodes:
        return no_node(to, changes, facts)
    why = bound(clone, found, to, facts, words)
    if why:
        remedy = f"set spec.node to {found.node}, or put the source's volumes on a shared storage"
        return obstructed(why, remedy, changes)
    arguments: Tree = {
        "node": found.node,
        "source": found.vmid,
        "to": to,
        "name": name,
        "description": spec.description,
        "full": not clone.linked,
    }
    optional = {"storage": clone.storage, "pool": spec.pool, "snapshot": clone.snapshot}
    arguments |= {key: value for key, value in optional.items() if value is not None}
    storages = () if clone.storage is None else (clone.storage,)
    return Step(
        "clone",
        f"clone {found.name or words.noun} ({found.vmid}) as {words.noun} {name} on node {to}",
        # Only the copy: whatever else is declared, secrets above all, is still to be sent.
        (Change("/clone", str(clone.source), MISSING, changes[0].cause),),
        arguments=arguments,
        reserve=free_vmid(facts) if planning.identity is None else None,
        scopes=tuple(dict.fromkeys((f"node/{found.node}", *scopes(facts, to, *storages)))),
    )


def source_of(clone: Clone, facts: Facts, changes: tuple[Change, ...], words: Words) -> Guest | Step:
    """The guest to copy; a name is looked for among templates only, for other guests may share theirs."""
    wanted = str(clone.source)
    guests = [guest for guest in facts.guests.values() if guest.kind == words.path]
    templates = [guest for guest in guests if guest.template]
    if wanted.isdecimal():
        found = [guest for guest in guests if guest.vmid == int(wanted)]
    else:
        found = [guest for guest in templates if guest.name == wanted]
    if len(found) > 1:
        ids = ", ".join(f"{guest.vmid} on {guest.node}" for guest in found)
        return obstructed(
            f"several templates are called {wanted}: {ids}", "set spec.clone.from to the vmid of one", changes
        )
    if not found:
        names = ", ".join(sorted(f"{guest.name} ({guest.vmid})" for guest in templates)) or "none"
        what = f"{words.noun} {wanted}" if wanted.isdecimal() else f"template {wanted}"
        why = f"there is no {what} to clone, or {facts.token} may not see it"
        remedy = f"set spec.clone.from to one of the templates: {names}; or to the vmid of any {words.noun}"
        return obstructed(why, remedy, changes)
    if clone.linked and not found[0].template:
        why = f"{words.noun} {found[0].vmid} is no template, so only full clones can be made of it"
        return obstructed(why, "leave out spec.clone.linked, or make a template of it", changes)
    return found[0]


def found_on(clone: Clone, facts: Facts, words: Words) -> str | Obstacle:
    """The node on which the guest to copy is, where the copy is made unless another one is named."""
    found = source_of(clone, facts, (), words)
    if isinstance(found, Step):
        assert found.obstacle is not None  # noqa: S101  # a source that is not found is one
        return found.obstacle
    return found.node


def bound(clone: Clone, source: Guest, to: str, facts: Facts, words: Words) -> str:
    """Why a clone can be made only where its source is; empty when it may be made on `to`."""
    if to == source.node:
        return ""
    if facts.storages and not any(facts.storages.values()):
        return f"{words.noun} {source.vmid} lies on a storage of node {source.node}, so its clone cannot be made on {to}"
    if clone.storage is not None and facts.storages.get(clone.storage) is False:
        return f"storage {clone.storage} is not shared, so a clone onto it can be made only on {source.node}"
    return ""
