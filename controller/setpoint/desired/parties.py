"""Who asks for what, and what the gathering kinds make of it; asked again only where a declaration is another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import is_
from typing import Any

from pydantic import ValidationError

from setpoint.desired.lookup import readings
from setpoint.model.gather import Ask, Asked, Gathering, Share, Shares, Unshared, Whence
from setpoint.model.key import Key, in_order
from setpoint.model.kind import Kind
from setpoint.model.reading import read
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Tree


@dataclass(frozen=True)
class _Known:
    """What a gathering kind was asked last, and what it answered."""

    aggregates: Mapping[Key, Tree]
    asked: tuple[Asked, ...]
    answer: Shares


class Parties:
    """Everybody's asks, and what became of them. The memory only saves work; it goes by the very objects."""

    def __init__(self) -> None:
        self._asks: dict[Key, tuple[Resource, tuple[Asked, ...] | None]] = {}
        self._sound: dict[Key, tuple[Resource, bool]] = {}
        self._known: dict[str, _Known] = {}
        self._sharing: dict[str, Share] = {}

    def shares(
        self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]], valid: AbstractSet[Key]
    ) -> Shares:
        """What all gathering kinds make of the asks; of no aggregate anything while some asks cannot be told.

        Those of `valid` were just read; others may be of a time when their kind was another one.
        """
        asked = self._asked(resources, kinds)
        specs: dict[Key, Tree] = {}
        problems: list[Unshared] = []
        gathered: set[str] = set()
        for name, kind in kinds.items():
            if kind.gathers is None:
                continue
            gathered.add(kind.gathers.topic)
            aggregates = {
                key: one.spec
                for key, one in resources.items()
                if key.kind == name and (key in valid or self._is_sound(one, kind))
            }
            found = self._share(kind, aggregates, asked.get(kind.gathers.topic, ()))
            specs.update(found.specs)
            problems += found.problems
        problems += [
            _untaken(one) for topic, group in asked.items() if topic not in gathered for one in group
        ]
        return Shares({} if any(self.dumb(resources, kinds)) else specs, tuple(problems))

    def advice(
        self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
    ) -> Iterator[Unshared]:
        """What is unwise about valid aggregates with what they are asked for."""
        for gathering, aggregates, asked in self._gatherings(resources, kinds):
            yield from gathering.advise(aggregates, asked)

    def whence(self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]) -> Whence:
        """Where that comes from in valid aggregates which they do not declare themselves."""
        found = (
            gathering.whence(aggregates, asked)
            for gathering, aggregates, asked in self._gatherings(resources, kinds)
        )
        return {key: places for one in found for key, places in one.items()}

    def _gatherings(
        self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
    ) -> Iterator[tuple[Gathering, Mapping[Key, Tree], tuple[Asked, ...]]]:
        asked = self._asked(resources, kinds)
        for name, kind in kinds.items():
            if kind.gathers is not None:
                aggregates = {key: one.spec for key, one in resources.items() if key.kind == name}
                yield kind.gathers, aggregates, asked.get(kind.gathers.topic, ())

    def dumb(self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]) -> Iterator[Key]:
        """Those of which nobody can say what they contribute: their kind is not installed, or is another one by now."""
        for key, one in resources.items():
            kind = kinds.get(key.kind)
            if kind is None or (kind.asks is not None and self._asks_of(one, kind) is None):
                yield key

    def _asked(
        self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
    ) -> Mapping[str, tuple[Asked, ...]]:
        """Every ask by its topic, in an order that does not depend on the files."""
        found: dict[str, list[Asked]] = {}
        asking = {name for name, kind in kinds.items() if kind.asks is not None}
        for key in sorted((key for key in resources if key.kind in asking), key=in_order):
            for one in self._asks_of(resources[key], kinds[key.kind]) or ():
                found.setdefault(one.topic, []).append(one)
        return {topic: tuple(group) for topic, group in found.items()}

    def _asks_of(self, one: Resource, kind: Kind[Any, Any]) -> tuple[Asked, ...] | None:
        known = self._asks.get(one.key)
        if known is None or known[0] is not one:
            known = one, _asks(one, kind)
            self._asks[one.key] = known
        return known[1]

    def _is_sound(self, one: Resource, kind: Kind[Any, Any]) -> bool:
        known = self._sound.get(one.key)
        if known is None or known[0] is not one:
            known = one, _read(one, kind) is not None
            self._sound[one.key] = known
        return known[1]

    def _share(
        self, kind: Kind[Any, Any], aggregates: Mapping[Key, Tree], asked: tuple[Asked, ...]
    ) -> Shares:
        assert kind.gathers is not None  # noqa: S101  # the caller
        known = self._known.get(kind.name)
        if known is None or not _same(known, aggregates, asked):
            known = _Known(aggregates, asked, self._sharing_of(kind)(aggregates, asked))
            self._known[kind.name] = known
        return known.answer

    def _sharing_of(self, kind: Kind[Any, Any]) -> Share:
        assert kind.gathers is not None  # noqa: S101  # the caller
        if kind.name not in self._sharing:
            self._sharing[kind.name] = kind.gathers.again() if kind.gathers.again else kind.gathers.share
        return self._sharing[kind.name]


def _same(known: _Known, aggregates: Mapping[Key, Tree], asked: tuple[Asked, ...]) -> bool:
    return (
        known.aggregates.keys() == aggregates.keys()
        and all(known.aggregates[key] is spec for key, spec in aggregates.items())
        and len(known.asked) == len(asked)
        and all(map(is_, known.asked, asked))
    )


def _read(one: Resource, kind: Kind[Any, Any]) -> Spec | None:
    try:
        spec: Spec = read(kind.spec, one.spec)
    except ValidationError:
        return None
    return spec


def _asks(one: Resource, kind: Kind[Any, Any]) -> tuple[Asked, ...] | None:
    assert kind.asks is not None  # noqa: S101  # the caller
    spec = _read(one, kind)
    if spec is None:
        return None
    asks = kind.asks(one.key, spec)
    return tuple(Asked(ask.topic, _entry(ask, one), ask.field, one.key, one.origin) for ask in asks)


def _entry(ask: Ask, one: Resource) -> Tree:
    return {name: _named(value, one) for name, value in ask.entry.items()}


def _named(value: Json, one: Resource) -> Json:
    """The value with the names of givers as everybody reads them, wherever they stand."""
    if isinstance(value, list):
        return [_named(item, one) for item in value]
    if not isinstance(value, dict):
        return value
    source = value.get("from")
    if isinstance(source, str) and "output" in value:
        return {**value, "from": _explicit(source, one)}
    return {name: _named(below, one) for name, below in value.items()}


def _explicit(source: str, one: Resource) -> str:
    """`namespace/Kind/name` for a name as it is meant where it was written; as it is when it means nothing."""
    try:
        key = Key.parse(source, namespace="")
    except ValueError:
        return source
    text = f"{key.namespace}/{key.name}" if key.namespace else key.name
    meant = {one.key, *one.references}
    may_be = readings(key.kind, text, one.key.namespace)
    found = next((key for key in may_be if key in meant), None)
    if found is None:
        # In a copy of an overlay the name stands as it was written, and means what was copied with it.
        names = {key.name for key in may_be}
        alike = (other for other in one.references if other.kind == key.kind and other.name in names)
        found = next(alike, may_be[0])
    return f"{found.namespace}/{found.kind}/{found.name}"


def _untaken(one: Asked) -> Unshared:
    what = f"asks for {one.topic}, and no installed kind takes that"
    return Unshared(one, what, "install the package of such a kind, or remove it")
