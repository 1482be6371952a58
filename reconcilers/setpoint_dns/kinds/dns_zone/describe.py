"""Says a zone that is there as a person would declare it: relative names, one value as text, one TTL for most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from setpoint.model.identity import Identity
from setpoint.model.key import Key
from setpoint.model.tree import Json, Tree
from setpoint_dns.content import Id, RRset
from setpoint_dns.kinds.dns_zone.declared import divide
from setpoint_dns.kinds.dns_zone.gather import findings
from setpoint_dns.kinds.dns_zone.names import relative, shown
from setpoint_dns.kinds.dns_zone.saying import is_sayable, said_authority, said_set, said_settings
from setpoint_dns.kinds.dns_zone.spec import NAMES, DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.rdata import canonical_name
from setpoint_dns.records.check import Part
from setpoint_dns.records.finding import Level
from setpoint_dns.records.rules import FIXED
from setpoint_dns.server import Can

TOLD = 10
"""How many record sets that are left alone are named."""
_WILD = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


@dataclass(frozen=True)
class _Said:
    """A zone in parts.

    Attributes:
        sets: the records that are declared.
        ignored: records that no declaration can say.
        accepted: rules that the zone breaks as it is.
    """

    state: ZoneState
    sets: Mapping[Id, RRset]
    ignored: frozenset[Id]
    accepted: frozenset[str] = frozenset()

    @property
    def tree(self) -> Tree:
        """All of it."""
        zone = self.state.zone
        ttl = _usual(self.sets.values())
        rest = dict(self.sets)
        tree: Tree = {"ttl": ttl}
        if not NAMES.fullmatch(zone.name.removesuffix(".")):
            tree["zone"] = zone.name.removesuffix(".")
        apex = rest.get((zone.name, "NS"))
        if apex is not None and apex.ttl == ttl:
            tree["nameservers"] = list[Json](apex.values)
            del rest[apex.id]
        tree |= said_authority(zone) | said_settings(zone, signs=Can.SIGN in self.state.can)
        if rest:
            tree["records"] = _records(rest.values(), zone.name, ttl)
        if self.ignored:
            tree["ignore"] = [_ignored(which, zone.name) for which in sorted(self.ignored)]
        if self.accepted:
            tree["accept"] = list[Json](sorted(self.accepted))
        return tree

    @property
    def spec(self) -> DnsZoneSpec:
        """The same, understood."""
        key = Key("default", "DnsZone", self.state.origin.removesuffix("."))
        return complete(DnsZoneSpec.model_validate(self.tree), key)


def describe(state: ZoneState) -> Tree:
    """The spec; what a rule forbids and the server has is accepted, and what cannot be said is ignored."""
    return _said(state).tree


def untold(state: ZoneState) -> tuple[str, ...]:
    """What is left alone, each record set with the reason."""
    said = _said(state)
    _, left = divide(state.zone, said.spec)
    told = [f"{shown(which, state.origin)} ({left[which]})" for which in sorted(left)]
    more = (f"{len(told) - TOLD} more record sets",) if len(told) > TOLD else ()
    return (*told[:TOLD], *more)


def identity(text: str) -> Identity | None:
    """The zone of that name, with or without its final dot."""
    try:
        return {"zone": canonical_name(text, ".")}
    except ValueError:
        return None


def _said(state: ZoneState) -> _Said:
    """What is against a rule that servers hold as well is out of the declaration, one set after the other."""
    zone = state.zone
    ours = {
        which: one
        for which, one in zone.rrsets.items()
        if which[1] != "SOA" and not one.disabled and is_sayable(one, zone.name)
    }
    odd = {which for which in zone.rrsets if which not in ours and which[1] != "SOA"}
    _, left = divide(zone, DnsZoneSpec.model_construct(zone=zone.name.removesuffix("."), view="default"))
    said = _Said(state, ours, frozenset(odd - left.keys()))
    while True:
        spec = said.spec
        part = Part(spec.records, spec.nameservers or ())
        wrong = [one for one in findings(spec, (part,)) if one.level is Level.ERROR]
        if not wrong:
            return said
        fixed = {(canonical_name(one.name, zone.name), one.type) for one in wrong if one.rule in FIXED}
        first = frozenset(sorted(fixed & said.sets.keys())[:1])
        kept = {which: one for which, one in said.sets.items() if which not in first}
        accepted = said.accepted | {one.rule for one in wrong if one.rule not in FIXED}
        if not first and accepted == said.accepted:
            return said
        said = replace(said, sets=kept, ignored=said.ignored | first, accepted=accepted)


def _usual(sets: Iterable[RRset]) -> int:
    """The TTL that most have; the greatest of several."""
    counts = Counter(one.ttl for one in sets)
    return max(counts, key=lambda ttl: (counts[ttl], ttl), default=3600)


def _records(sets: Iterable[RRset], origin: str, ttl: int) -> Tree:
    found: dict[str, Tree] = {}
    for one in sorted(sets, key=lambda one: (_place(one.name, origin), one.type)):
        found.setdefault(relative(one.name, origin), {})[one.type] = said_set(one, origin, ttl)
    return {**found}


def _place(name: str, origin: str) -> tuple[str, ...]:
    """Where a name stands among others: the zone itself first, then by labels from the right, numbers by value."""
    below = relative(name, origin)
    labels = [] if below == "@" else below.split(".")
    return tuple(label.rjust(5, "0") if label.isdigit() else label for label in reversed(labels))


def _ignored(which: Id, origin: str) -> Json:
    name, rtype = which
    return {"name": relative(name, origin).translate(_WILD), "types": [rtype]}
