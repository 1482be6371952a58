"""What the part of a guest is taken of: all that its node has, what is free of that, or what is used. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, assert_never

from setpoint.model.compute import Computing
from setpoint.model.identity import Owner
from setpoint.model.plan import Obstacle
from setpoint.model.resource import Resource
from setpoint.model.survey import Survey
from setpoint.model.tree import Json
from setpoint_proxmox.access import grant_command
from setpoint_proxmox.facts import Capacity, Facts, Guest
from setpoint_proxmox.guest.load import Load
from setpoint_proxmox.guest.size import CORES, MEMORY, Base, Unit
from setpoint_proxmox.guest.size_spec import Of, Part


class Name(StrEnum):
    """The sizes that may be relative, as they are called in a spec and in the comparable tree."""

    MEMORY = "memory"
    CORES = "cores"


UNITS: Final[dict[Name, Unit]] = {Name.MEMORY: MEMORY, Name.CORES: CORES}


@dataclass(frozen=True)
class Peer:
    """Another guest that is declared on the same node, with a part of it as its size.

    Attributes:
        vmid: None while it is not made.
        share: its weight; 0 for a percentage.
    """

    vmid: int | None
    share: int
    of: str


@dataclass(frozen=True)
class Place:
    """The node that a guest is on or will be made on, and all that sizes there follow.

    Attributes:
        vmid: of the guest itself; None while it is not made.
        load: what the node used, or why that is not known; None when nobody asked.
        unclear: why it is not known which of the guests on the node are declared; empty when it is.
        blind: why not every guest on the node is seen; empty when each is.
        peers: for each size, the others that declare a part of the node.
    """

    node: str
    capacity: Capacity
    vmid: int | None
    guests: tuple[Guest, ...]
    load: Load | Obstacle | None
    unclear: str
    blind: str
    peers: dict[Name, tuple[Peer, ...]]

    def has(self, name: Name) -> Fraction:
        """All that the node has of something."""
        return Fraction(self.capacity.memory if name is Name.MEMORY else self.capacity.cpus)


def capacity_of(node: str, facts: Facts) -> Capacity | Obstacle:
    """What a node has, or why that is not known."""
    found = facts.capacity.get(node)
    if found is not None:
        return found
    if not facts.nodes.get(node, False):
        return Obstacle(f"{node} is offline, so what it has is not known", "wait for it", passing=True)
    command = grant_command(f"/nodes/{node}", "Sys.Audit", facts.token)
    return Obstacle(f"what {node} has is not told to {facts.token}", f"run on a node: {command}")


def base(part: Part, name: Name, place: Place) -> Base | Obstacle:
    """What a part is taken of."""
    unit, whole = UNITS[name], place.has(name)
    if part.of is Of.FREE and place.blind:
        return Obstacle(place.blind, "grant what is missing")
    if follows_others(part) and place.unclear:
        return Obstacle(place.unclear, "wait until it is known whose it is", passing=True)
    match part.of:
        case Of.CAPACITY:
            return Base(whole, f"{_amount(whole, name)} of {place.node}")
        case Of.FREE:
            return _free(part, name, place)
        case Of.USED:
            assert place.load is not None  # noqa: S101  # whoever asks for it has it read
            if isinstance(place.load, Obstacle):
                return place.load
            used = Fraction(place.load.memory) if name is Name.MEMORY else place.load.cpus
            return Base(used, f"the {unit.about(used)}{_NOUN[name]} that {place.node} used over the last day")
        case _:
            assert_never(part.of)


def follows_others(part: Part) -> bool:
    """Whether a size depends on which other guests are on the node."""
    return part.of is Of.FREE or part.share is not None


def part_text(part: Part, name: Name, place: Place) -> tuple[Fraction, str]:
    """The fraction that a part is, and how it is told: `25%`, `2 of 5 shares`."""
    if part.percent is not None:
        return Fraction(part.percent) / 100, f"{part.percent.normalize():f}%"
    own = part.share or 0
    others = [peer.share for peer in place.peers[name] if peer.share]
    every = own + sum(others)
    return Fraction(own, every), f"{own} of {every} shares" if others else f"all {own} of {every} shares"


def _free(part: Part, name: Name, place: Place) -> Base | Obstacle:
    """What others leave, those left aside that take a part of it themselves: else each would follow the other for ever."""
    aside = {
        peer.vmid
        for peer in place.peers[name]
        if peer.of == Of.FREE or (peer.share and part.share is not None)
    }
    taking = [guest for guest in place.guests if guest.vmid != place.vmid and guest.vmid not in aside]
    taken = Fraction()
    for guest in taking:
        amount = guest.memory if name is Name.MEMORY else guest.cpus
        if amount is None:
            why = f"what guest {guest.vmid} on {place.node} may take is not reported yet"
            return Obstacle(why, "wait for its node", passing=True)
        taken += Fraction(amount)
    whole, unit = place.has(name), UNITS[name]
    left = max(whole - taken, Fraction())
    who = f"{len(taking)} other guest{'s' if len(taking) != 1 else ''}"
    words = f"the {unit.about(left)}{_NOUN[name]} that {who} leave{'s' if len(taking) == 1 else ''} free"
    return Base(left, f"{words} of {_amount(whole, name)} of {place.node}")


def _amount(amount: Fraction, name: Name) -> str:
    return f"the {UNITS[name].about(amount)}{_NOUN[name]}"


_NOUN: Final[dict[Name, str]] = {Name.MEMORY: "", Name.CORES: " processors"}


def peers_on(node: str, name: Name, computing: Computing[Any, Any]) -> tuple[Peer, ...]:
    """The other guests on a node that declare a part of it for this size; one that is not made yet, where it will be."""
    owner = computing.owner
    found: list[Peer] = []
    for resource in computing.peers():
        share, of = _declared_part(resource.spec.get(name))
        if of and resource.key != owner.key:
            vmid, where = whereabouts(resource, owner, computing.survey)
            if where == node:
                found.append(Peer(vmid, share, of))
    return tuple(found)


def unclear_on(node: str, names: Iterable[Name], computing: Computing[Any, Any]) -> str:
    """Why a guest on a node may be a peer that is thought to be not made yet; empty when none can be."""
    facts: Facts = computing.survey.facts
    doubtful = next((one.why for one in facts.unclear if one.node == node), "")
    if not doubtful:
        return ""
    missing = (
        whereabouts(resource, computing.owner, computing.survey)[0] is None
        for resource in computing.peers()
        if resource.key != computing.owner.key
        and any(_declared_part(resource.spec.get(name))[1] for name in names)
    )
    return doubtful if any(missing) else ""


def _declared_part(value: Json) -> tuple[int, str]:
    """The share and what it is a part of, as they were written; nothing for what is absolute."""
    if isinstance(value, dict):
        share = value.get("share")
        return share if isinstance(share, int) else 0, str(value.get("of") or Of.CAPACITY)
    return 0, Of.CAPACITY if isinstance(value, str) and value.rstrip().endswith("%") else ""


def whereabouts(resource: Resource, owner: Owner, survey: Survey[Facts]) -> tuple[int | None, str]:
    """The vmid and node of the guest of a resource; of one that is not made yet the declared node, if there is one."""
    guests = survey.facts.guests
    for vmid in _vmids(resource, owner, survey):
        if vmid in guests:
            return vmid, guests[vmid].node
    declared = resource.spec.get("node")
    nodes = survey.facts.nodes
    return None, str(declared or (next(iter(nodes)) if len(nodes) == 1 else ""))


def _vmids(resource: Resource, owner: Owner, survey: Survey[Facts]) -> Iterable[int]:
    for key in (resource.key, resource.formerly):
        for mark, identity in survey.by_key.get(key, ()) if key is not None else ():
            vmid = int(str(identity["vmid"]))
            if mark.estate == owner.estate and mark.object_id == str(vmid):
                yield vmid
    declared = resource.spec.get("vmid")
    if isinstance(declared, int):
        yield declared
