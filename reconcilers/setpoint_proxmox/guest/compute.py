"""Makes the relative sizes of a guest absolute, by the node that it is on or will be made on. Neighbour: `size_base`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Generic, TypeVar

from setpoint.model.compute import Computed, Computing
from setpoint.model.diff import Projection
from setpoint.model.plan import Obstacle
from setpoint.model.quantity import parse_bytes
from setpoint.model.spec import Spec
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Pointer
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.plan import no_node
from setpoint_proxmox.guest.size import Base, Bounds, fitted, told
from setpoint_proxmox.guest.size_base import (
    UNITS,
    Name,
    Place,
    base,
    capacity_of,
    follows_others,
    part_text,
    peers_on,
    unclear_on,
)
from setpoint_proxmox.guest.size_spec import CoresPart, MemoryPart, Of
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.sizes import MIB

P = TypeVar("P", bound=Spec)
S = TypeVar("S", bound=GuestState)


@dataclass(frozen=True)
class Rules(Generic[P]):
    """What differs between the kinds.

    Attributes:
        where: the node that a guest will be made on, or why none is known.
        conflict: why a computed size cannot stand beside what else is declared, by each of their places.
    """

    where: Callable[[P, Facts], str | Obstacle]
    conflict: Callable[[P], Mapping[Pointer, Obstacle]]


def computer(
    project: Callable[[S], Projection], rules: Rules[P]
) -> Callable[[Cluster, Computing[P, S]], Awaitable[Computed[P]]]:
    """What computes the sizes of a kind of guests; of one whose sizes are absolute nothing is looked at."""

    async def compute(cluster: Cluster, computing: Computing[P, S]) -> Computed[P]:
        spec, seen = computing.spec, computing.observed
        parts = {
            name: part for name in Name if isinstance(part := getattr(spec, name), MemoryPart | CoresPart)
        }
        if not parts:
            return Computed(spec)
        node = rules.where(spec, computing.survey.facts) if seen is None else seen.node
        place = node if isinstance(node, Obstacle) else await _place(cluster, computing, node, parts)
        before = _Before(computing.applied, None if seen is None else project(seen))
        found = {name: _sized(name, part, place, before.of(name), spec) for name, part in parts.items()}
        made = _made(spec, found, None if seen is not None else node)
        return _computed(made, spec if seen is None else None, found, before, rules.conflict(made))

    return compute


def made_on(node: str | None, facts: Facts) -> str | Obstacle:
    """The node on which a guest is made that names one, or needs to name none."""
    wanted = node or (next(iter(facts.nodes)) if len(facts.nodes) == 1 else None)
    if wanted in facts.nodes:
        return str(wanted)
    nowhere = no_node(wanted, (), facts).obstacle
    assert nowhere is not None  # noqa: S101  # that is what it is
    return nowhere


@dataclass(frozen=True)
class Sized:
    """A size with its arithmetic."""

    size: int
    note: str


@dataclass(frozen=True)
class _Before:
    """The sizes that are in force: as they were last applied, else as they are seen or will be after a restart."""

    applied: Mapping[str, Json] | None
    seen: Projection | None

    def of(self, name: Name) -> int | None:
        trees = (self.applied, self.seen and self.seen.accepted, self.seen and self.seen.tree)
        value = next((tree[name] for tree in trees if tree and tree.get(name) is not None), None)
        if value is None:
            return None
        return parse_bytes(value) if name is Name.MEMORY else int(str(value))


async def _place(
    cluster: Cluster, computing: Computing[Any, Any], node: str, parts: Mapping[Name, MemoryPart | CoresPart]
) -> Place | Obstacle:
    survey: Survey[Facts] = computing.survey
    facts = survey.facts
    capacity = capacity_of(node, facts)
    if isinstance(capacity, Obstacle):
        return capacity
    asked = any(part.of is Of.USED for part in parts.values())
    crowded = [name for name, part in parts.items() if follows_others(part)]
    return Place(
        node=node,
        capacity=capacity,
        vmid=computing.observed.vmid if computing.observed is not None else None,
        guests=tuple(one for one in facts.guests.values() if one.node == node and not one.template),
        load=await cluster.loads.of(cluster.api, node, survey.begun) if asked else None,
        unclear=unclear_on(node, crowded, computing),
        blind=facts.blind,
        peers={name: peers_on(node, name, computing) for name in crowded},
    )


def _sized(
    name: Name, part: MemoryPart | CoresPart, place: Place | Obstacle, before: int | None, spec: Spec
) -> Sized | Obstacle:
    if isinstance(place, Obstacle):
        return place
    taken = base(part, name, place)
    if isinstance(taken, Obstacle):
        return taken
    sockets = getattr(spec, "sockets", 1) if name is Name.CORES else 1
    fraction, text = part_text(part, name, place)
    if sockets > 1:
        taken = Base(taken.amount / sockets, f"{taken.words}, over {sockets} sockets,")
    grain = MIB if name is Name.MEMORY else 1
    ceiling = int(place.has(name) / sockets // grain) * grain
    bounds = Bounds(part.min, part.max, part.step, Fraction(part.hysteresis) / 100, ceiling)
    wanted = fraction * taken.amount
    return Sized(fitted(wanted, bounds, before), told(text, taken, wanted, bounds, before, UNITS[name]))


def _made(spec: P, found: Mapping[Name, Sized | Obstacle], node: str | Obstacle | None) -> P:
    """The spec with what could be computed; a guest that is not made yet is made where that was computed for."""
    sizes: dict[str, object] = {name: one.size for name, one in found.items() if isinstance(one, Sized)}
    return spec.model_copy(update=sizes | ({"node": node} if isinstance(node, str) else {}))


def _computed(
    made: P,
    absent: P | None,
    found: Mapping[Name, Sized | Obstacle],
    before: _Before,
    conflict: Mapping[Pointer, Obstacle],
) -> Computed[P]:
    """With what is lacking as it is seen, or as it was written for a guest that is absent."""
    ending = "is left as it is" if absent is None else "is not known"
    left = {
        f"/{name}": replace(one, why=f"{one.why}, so its {name} {ending}")
        for name, one in found.items()
        if isinstance(one, Obstacle)
    } | dict(conflict)
    kept: dict[str, object] = {
        name: before.of(name) if absent is None else getattr(absent, name)
        for name in found
        if f"/{name}" in left
    }
    notes = {f"/{name}": one.note for name, one in found.items() if isinstance(one, Sized)}
    return Computed(made.model_copy(update=kept), notes, left)
