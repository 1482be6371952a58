"""What smaller resources contribute to one that its target takes as a whole, such as names to a zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.tree import Pointer, Tree


@dataclass(frozen=True)
class Ask:
    """Something that a resource wants in an aggregate.

    Attributes:
        topic: what it is about, as the kind that gathers it says it.
        entry: plain data, as that kind understands it. What another resource publishes stands in it as it is written,
            `{from: KIND/NAME, output: PATH}`; a resource may name itself.
        field: where it was written, in the spec of who asks.
    """

    topic: str
    entry: Tree
    field: Pointer


@dataclass(frozen=True)
class Asked(Ask):
    """An ask with who asks. In its entry, names of other resources have their namespace.

    Attributes:
        origin: of the declaration; the place of the field itself is only looked up where it is told.
    """

    by: Key
    origin: Origin


@dataclass(frozen=True)
class Inside:
    """A place in the spec of an aggregate itself."""

    by: Key
    field: Pointer


Written: TypeAlias = Asked | Inside


@dataclass(frozen=True)
class Unshared:
    """Something that cannot be put together: the declarations of this version that have a part in it are not valid.

    Attributes:
        at: where it is told.
        what: one sentence without places.
        remedy: what would be right.
        others: what it stands against; their places are told too.
    """

    at: Written
    what: str
    remedy: str
    others: tuple[Written, ...] = ()


@dataclass(frozen=True)
class Shares:
    """The specs of aggregates with what others contribute.

    Attributes:
        specs: of every aggregate that can be put together; one that is left out stays as it was in force.
    """

    specs: Mapping[Key, Tree] = field(default_factory=dict[Key, Tree])
    problems: tuple[Unshared, ...] = ()


Share: TypeAlias = Callable[[Mapping[Key, Tree], tuple[Asked, ...]], Shares]


Whence: TypeAlias = Mapping[Key, Mapping[Pointer, Written]]
"""By aggregate: who has written what stands at a place of its spec."""


def _nothing(_specs: Mapping[Key, Tree], _asks: tuple[Asked, ...]) -> tuple[Unshared, ...]:
    return ()


def _nowhere(_specs: Mapping[Key, Tree], _asks: tuple[Asked, ...]) -> Whence:
    return {}


@dataclass(frozen=True)
class Gathering:
    """How a kind gathers.

    Attributes:
        topic: of the asks that it takes.
        share: pure; the full specs, each valid for the kind, from the declared specs of all aggregates of the kind and
            all asks of the topic. One to which nobody contributes is best given back as it is.
        again: begins what gives the same as `share` at every call, and may remember what it was given before, by the very
            objects: what did not change is the same object again. None where `share` is quick enough.
        advise: pure; what is unwise about what is put together, and no mistake. People are told when they ask.
        whence: pure; for places in the spec of each aggregate that are not of its own declaration, where they come from.
    """

    topic: str
    share: Share
    again: Callable[[], Share] | None = None
    advise: Callable[[Mapping[Key, Tree], tuple[Asked, ...]], tuple[Unshared, ...]] = _nothing
    whence: Callable[[Mapping[Key, Tree], tuple[Asked, ...]], Whence] = _nowhere


@dataclass(frozen=True)
class Entry:
    """A part of an object that can wait alone until all that it takes from others is published.

    Attributes:
        spec: its place in the spec.
        tree: its places in the comparable tree, as declared or as seen.
    """

    spec: Pointer
    tree: tuple[Pointer, ...]
