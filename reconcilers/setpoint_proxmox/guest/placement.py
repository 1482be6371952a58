"""Decides on which node a guest is made, or to which it moves. Pure; neighbour: `placing`, which tells what nodes are like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from setpoint.model.quantity import format_bytes
from setpoint_proxmox.guest.placement_spec import Placement
from setpoint_proxmox.sizes import MIB


@dataclass(frozen=True)
class Candidate:
    """A node as the decision sees it.

    Attributes:
        capacity: its memory in bytes; None when that is not told.
        promised: the sum of what the guests on it may take of its memory, the guest itself left aside.
        storages: those that can be used there now, and those of which nothing is known.
        bridges: bridges and vnets; None while nobody asked.
        apart: guests on it that the guest is kept apart from.
        beside: guests on it that the guest is put beside.
        barred: why it is out of the question for another reason; empty when it is not.
    """

    name: str
    online: bool
    capacity: int | None
    promised: int = 0
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] | None = None
    apart: int = 0
    beside: int = 0
    barred: str = ""


@dataclass(frozen=True)
class Wish:
    """What a guest needs of its node.

    Attributes:
        here: the node that it is on, which is left; empty for a guest that is not made yet.
    """

    placement: Placement
    storages: frozenset[str] = frozenset()
    bridges: frozenset[str] = frozenset()
    here: str = ""


@dataclass(frozen=True)
class Chosen:
    """The best node, and a clause that says why."""

    node: str
    why: str


@dataclass(frozen=True)
class Nowhere:
    """No node will do: why not, by node; `passing` when one of them would do if it were online."""

    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    passing: bool = False

    def __str__(self) -> str:
        return "; ".join(f"{node} {why}" for node, why in sorted(self.reasons.items()))


def choose(wish: Wish, candidates: Iterable[Candidate]) -> Chosen | Nowhere:
    """The node that the guest is put on: kept apart first, then near, then by memory, then by name."""
    known = {one.name: one for one in candidates if one.name != wish.here}
    allowed = [name for name in (wish.placement.nodes or sorted(known)) if name != wish.here]
    reasons = {name: "; ".join(_against(wish, known.get(name))) for name in allowed}
    fit = [known[name] for name, why in reasons.items() if not why]
    if not fit:
        offline = (name for name, why in reasons.items() if why == _OFFLINE)
        return Nowhere(reasons, passing=next(offline, None) is not None)
    best = min(fit, key=lambda one: (one.apart, -one.beside, _ratio(one), one.name))
    return Chosen(best.name, _because(wish.placement, best, fit))


_OFFLINE = "is offline"


def _against(wish: Wish, node: Candidate | None) -> Iterator[str]:
    if node is None:
        yield "is not in the cluster"
        return
    if not node.online:
        yield _OFFLINE
        return
    if node.capacity is None:
        yield "does not tell how much memory it has"
    if lacking := sorted(wish.storages - node.storages):
        yield f"has no {_list('storage', lacking)} in use"
    if node.bridges is not None and (lacking := sorted(wish.bridges - node.bridges)):
        yield f"has no {_list('bridge', lacking)}"
    spread, near = wish.placement.spread, wish.placement.near
    if spread is not None and spread.required and node.apart:
        yield f"has {_guests(node.apart)} of {_labels(spread.labels)}"
    if near is not None and near.required and not node.beside:
        yield f"has no guest of {_labels(near.labels)}"
    if node.barred:
        yield node.barred


def _ratio(node: Candidate) -> Fraction:
    return Fraction(node.promised, node.capacity or 1)


def _because(placement: Placement, best: Candidate, fit: list[Candidate]) -> str:
    """What decided."""
    found: list[str] = []
    if placement.spread is not None and len({one.apart for one in fit}) > 1:
        found.append(f"fewest guests of {_labels(placement.spread.labels)} ({best.apart})")
    if placement.near is not None and len({one.beside for one in fit}) > 1:
        found.append(f"{_guests(best.beside)} of {_labels(placement.near.labels)}")
    capacity = format_bytes((best.capacity or 0) // MIB * MIB)
    found.append(f"{format_bytes(best.promised // MIB * MIB)} of its {capacity} promised to guests")
    others = sorted(one.name for one in fit if one is not best)
    return f"{best.name} has {', '.join(found)}" + (f"; {', '.join(others)} would do too" if others else "")


def _list(noun: str, names: list[str]) -> str:
    return f"{noun} {', '.join(names)}"


def _guests(number: int) -> str:
    return f"{number} guest{'' if number == 1 else 's'}"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
