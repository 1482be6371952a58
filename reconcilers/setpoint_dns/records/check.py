"""Holds declared records against every rule. A new rule is one function and one line in `rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from setpoint.model.handed import FromOutput
from setpoint.model.tree import Pointer, join
from setpoint_dns.content import Id
from setpoint_dns.rdata import canonical, canonical_name, canonical_type
from setpoint_dns.records.expand import sets
from setpoint_dns.records.finding import Finding, Flaw, Level, error
from setpoint_dns.records.remembered import Memory, Place, Written
from setpoint_dns.records.rules import BY_TYPE, FIXED, OF_ALL
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.spec import ByType, Declared, RecordSet
from setpoint_dns.records.types import EXAMPLES
from setpoint_dns.records.zone import Declarations, Entry, Ground

W = TypeVar("W", bound=Written)
_ID = attrgetter("name", "type")


@dataclass(frozen=True)
class Part:
    """What one declaration has of a zone.

    Attributes:
        nameservers: the zone's own NS, where they are declared apart; their places are `/nameservers/0` and so on.
    """

    records: Mapping[str, ByType]
    nameservers: tuple[str, ...] = ()


def check(
    ground: Ground, records: Mapping[str, ByType], nameservers: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Everything that is wrong or unwise about the records of one zone in one view, in the order written."""
    return check_parts(ground, (Part(records, tuple(nameservers)),))


def check_parts(ground: Ground, parts: Sequence[Part], memory: Memory | None = None) -> tuple[Finding, ...]:
    """The same for a zone to which several declarations contribute; each finding says which of them it is about.

    Args:
        ground: on which the records stand.
        parts: what each declaration has of the zone.
        memory: kept by the caller from one time to the next; it only saves work.
    """
    kept = memory or Memory()
    kept.stand_on(ground)
    read = _Reading(ground, kept)
    entries = read.quickly(parts)
    if entries is None:
        read = _Reading(ground, kept)
        entries = tuple(entry for number, part in enumerate(parts) for entry in read.entries(number, part))
    kept.read = read.sound
    zone = Declarations(ground, entries, kept.zone)
    return (*read.findings, *kept.judge(zone, entries, _judged))


def refused(findings: tuple[Finding, ...]) -> bool:
    """Whether any of them is more than advice."""
    return any(one.level is Level.ERROR for one in findings)


def _judged(entry: Entry, zone: Declarations) -> Iterator[Finding]:
    for rule in _rules(entry.type):
        for flaw in rule.judge(entry, zone):
            lowered = rule.name in zone.ground.accept and rule.name not in FIXED
            yield _finding(rule.name, entry, replace(flaw, level=Level.ADVICE) if lowered else flaw)


@cache
def _rules(rtype: str) -> tuple[Rule, ...]:
    return (*OF_ALL, *BY_TYPE.get(rtype, ()))


def _finding(rule: str, entry: Entry, flaw: Flaw) -> Finding:
    known = flaw.item is not None and flaw.item < len(entry.places)
    place = entry.places[flaw.item] if known and flaw.item is not None else entry.place
    return Finding(flaw.level, rule, place, entry.name, entry.type, flaw.what, flaw.remedy, entry.part)


class _Reading:
    """Makes entries of what was written, and notes what cannot be read.

    Attributes:
        sound: what was made of each name with which nothing is wrong.
    """

    def __init__(self, ground: Ground, memory: Memory) -> None:
        self.ground = ground
        self.findings: list[Finding] = []
        self.sound: dict[Place, tuple[Written, tuple[Entry, ...]]] = {}
        self._memory = memory
        self._part = 0
        self._seen: dict[Id, tuple[int, Pointer]] = {}

    def quickly(self, parts: Sequence[Part]) -> tuple[Entry, ...] | None:
        """Every set of all parts, those of before where the same is written; None where anything is wrong."""
        known, sound = self._memory.read, self.sound
        for number, part in enumerate(parts):
            self._part = number
            if part.nameservers:
                self._take((number, ""), part.nameservers, self._nameservers)
            for written, types in part.records.items():
                place = number, written
                before = known.get(place)
                if before is not None and before[0] == types:
                    sound[place] = before
                else:
                    self._take(place, types, partial(self._named, written))
            if self.findings:
                return None
        found = tuple(chain.from_iterable(entries for _, entries in sound.values()))
        return found if len(set(map(_ID, found))) == len(found) else None

    def _take(self, place: Place, given: W, make: Callable[[W], Iterator[Entry]]) -> None:
        """The sets of a name, whoever else declares them."""
        before = self._memory.known(place, given)
        self._seen.clear()
        self.sound[place] = given, tuple(make(given)) if before is None else before

    def entries(self, number: int, part: Part) -> Iterator[Entry]:
        """Every set of a part that the view has."""
        self._part = number
        if part.nameservers:
            yield from self._again((number, ""), part.nameservers, self._nameservers)
        for written, types in part.records.items():
            yield from self._again((number, written), types, partial(self._named, written))

    def _again(self, place: Place, given: W, make: Callable[[W], Iterator[Entry]]) -> tuple[Entry, ...]:
        """The sets of before, where the same is written and nobody else declares them."""
        known = self._memory.known(place, given)
        if known is not None and self._are_new(known):
            self.sound[place] = given, known
            return known
        wrong = len(self.findings)
        made = tuple(make(given))
        if len(self.findings) == wrong:
            self.sound[place] = given, made
        return made

    def _are_new(self, entries: tuple[Entry, ...]) -> bool:
        """Note the sets of a name, unless one of them is declared already."""
        seen = self._seen
        for one in entries:
            if one.id in seen:
                return False
        for one in entries:
            seen[one.id] = one.part, one.place
        return True

    def _nameservers(self, names: tuple[str, ...]) -> Iterator[Entry]:
        own = RecordSet.model_construct({"values"}, values=names)
        return self._set(("@", self.ground.apex, "NS"), own, "/nameservers", "/nameservers")

    def _named(self, written: str, types: ByType) -> Iterator[Entry]:
        above = join("/records", written)
        try:
            name = canonical_name(written, self.ground.origin)
        except ValueError as why:
            remedy = "write letters, digits and hyphens, or @"
            self.findings.append(
                Finding(Level.ERROR, "name", above, written, "", str(why), remedy, self._part)
            )
            return
        for rtype, declared in types.items():
            whose = (written, name, canonical_type(rtype))
            for one, place, values in _forms(declared, join(above, rtype)):
                if one.within(self.ground.view):
                    yield from self._set(whose, one, place, values)

    def _set(
        self, whose: tuple[str, str, str], one: RecordSet, place: Pointer, above: Pointer
    ) -> Iterator[Entry]:
        """A set, unless it was declared before; `whose` is its name as written, that name absolute, and its type."""
        written, name, rtype = whose
        ttl = self.ground.ttl if one.ttl is None else one.ttl
        bare = Entry(place, written, name, rtype, ttl, (), (), (), ptr=one.ptr, part=self._part)
        first = self._seen.setdefault((name, rtype), (self._part, place))
        if first == (self._part, place):
            yield self._filled(bare, one, above)
            return
        what = f"its values are declared at {first[1]} already, for the same view"
        flaw = error(what, "write all of them in one place")
        self.findings.append(replace(_finding("twice", bare, flaw), beside=first))

    def _filled(self, bare: Entry, one: RecordSet, above: Pointer) -> Entry:
        values: list[str] = []
        texts: list[str] = []
        places: list[Pointer] = []
        for at, item in _places(one, above):
            if isinstance(item, FromOutput):
                continue
            try:
                values.append(canonical(bare.type, item, self.ground.origin))
            except ValueError as why:
                flaw = error(str(why), _like(bare.type))
                self.findings.append(replace(_finding("syntax", bare, flaw), field=at))
                continue
            texts.append(item)
            places.append(at)
        known = len(values) == len(one.items)
        return Entry(
            bare.place,
            bare.written,
            bare.name,
            bare.type,
            bare.ttl,
            tuple(values),
            tuple(texts),
            tuple(places),
            pending=not known,
            ptr=bare.ptr,
            part=bare.part,
        )


def _like(rtype: str) -> str:
    example = EXAMPLES.get(rtype)
    return f"write it like: {example}" if example else "write it as in a zone file"


def _forms(declared: Declared, place: Pointer) -> Iterator[tuple[RecordSet, Pointer, Pointer]]:
    """The sets under a type, where each stands, and where its values stand."""
    for number, one in enumerate(sets(declared)):
        if isinstance(declared, RecordSet):
            yield one, place, join(place, "values")
        elif isinstance(declared, tuple) and isinstance(declared[0], RecordSet):
            own = join(place, str(number))
            yield one, own, join(own, "values")
        else:
            yield one, place, place


def _places(one: RecordSet, above: Pointer) -> Iterator[tuple[Pointer, str | FromOutput]]:
    """The values of a set, each with where it stands."""
    if not isinstance(one.values, tuple):
        yield above, one.values
        return
    for number, item in enumerate(one.values):
        yield join(above, str(number)), item
