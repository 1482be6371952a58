"""Holds declared records against every rule. A new rule is one function and one line in `rules`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from setpoint.model.handed import FromOutput
from setpoint.model.tree import Pointer, join
from setpoint_dns.rdata import canonical, canonical_name, canonical_type
from setpoint_dns.records.expand import sets
from setpoint_dns.records.finding import Finding, Flaw, Level
from setpoint_dns.records.rules import BY_TYPE, OF_ALL
from setpoint_dns.records.spec import ByType, Declared, RecordSet
from setpoint_dns.records.types import EXAMPLES
from setpoint_dns.records.zone import Declarations, Entry, Ground


def check(
    ground: Ground, records: Mapping[str, ByType], nameservers: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Everything that is wrong or unwise about the records of one zone in one view, in the order written.

    `nameservers` are the zone's own NS, where they are declared apart; their places are `/nameservers/0` and so on.
    """
    read = _Reading(ground)
    own = read.nameservers(tuple(nameservers)) if nameservers else ()
    entries = (*own, *read.entries(records))
    zone = Declarations(ground, entries)
    return (*read.findings, *(one for entry in entries for one in _judged(entry, zone)))


def refused(findings: tuple[Finding, ...]) -> bool:
    """Whether any of them is more than advice."""
    return any(one.level is Level.ERROR for one in findings)


def _judged(entry: Entry, zone: Declarations) -> Iterator[Finding]:
    for rule in (*OF_ALL, *BY_TYPE.get(entry.type, ())):
        for flaw in rule.judge(entry, zone):
            yield _finding(rule.name, entry, flaw)


def _finding(rule: str, entry: Entry, flaw: Flaw) -> Finding:
    known = flaw.item is not None and flaw.item < len(entry.places)
    place = entry.places[flaw.item] if known and flaw.item is not None else entry.place
    return Finding(flaw.level, rule, place, entry.name, entry.type, flaw.what, flaw.remedy)


class _Reading:
    """Makes entries of what was written, and notes what cannot be read."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.findings: list[Finding] = []
        self._seen: dict[tuple[str, str], Pointer] = {}

    def entries(self, records: Mapping[str, ByType]) -> Iterator[Entry]:
        """Every set that the view has."""
        for written, types in records.items():
            above = join("/records", written)
            try:
                name = canonical_name(written, self.ground.origin)
            except ValueError as why:
                self._note("name", above, written, "", str(why), "write letters, digits and hyphens, or @")
                continue
            for rtype, declared in types.items():
                yield from self._of(written, name, rtype, declared, join(above, rtype))

    def nameservers(self, names: tuple[str, ...]) -> Iterator[Entry]:
        """The zone's own NS."""
        apex, place = self.ground.apex, "/nameservers"
        self._seen[apex, "NS"] = place
        bare = Entry(place, "@", apex, "NS", self.ground.ttl, (), (), ())
        yield self._entry(bare, RecordSet.model_construct({"values"}, values=names), place)

    def _of(self, written: str, name: str, rtype: str, declared: Declared, place: Pointer) -> Iterator[Entry]:
        real = canonical_type(rtype)
        for one, own, above in _forms(declared, place):
            if not one.within(self.ground.view):
                continue
            if (first := self._seen.setdefault((name, real), own)) != own:
                what = f"its values are declared at {first} already, for the same view"
                self._note("twice", own, name, real, what, "write all of them in one place")
                continue
            yield self._entry(
                Entry(own, written, name, real, self._ttl(one), (), (), (), ptr=one.ptr), one, above
            )

    def _ttl(self, one: RecordSet) -> int:
        return self.ground.ttl if one.ttl is None else one.ttl

    def _entry(self, bare: Entry, one: RecordSet, above: Pointer) -> Entry:
        values: list[str] = []
        texts: list[str] = []
        places: list[Pointer] = []
        for at, item in _places(one, above):
            if isinstance(item, FromOutput):
                continue
            try:
                values.append(canonical(bare.type, item, self.ground.origin))
            except ValueError as why:
                self._note("syntax", at, bare.name, bare.type, str(why), _like(bare.type))
                continue
            texts.append(item)
            places.append(at)
        known = len(values) == len(one.items)
        return replace(
            bare, values=tuple(values), texts=tuple(texts), places=tuple(places), pending=not known
        )

    def _note(self, rule: str, place: Pointer, name: str, rtype: str, what: str, remedy: str) -> None:
        self.findings.append(Finding(Level.ERROR, rule, place, name, rtype, what, remedy))


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
