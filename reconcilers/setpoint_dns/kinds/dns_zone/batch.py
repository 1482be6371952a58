"""The steps that change records: everything that differs together, but for what a person is always asked for. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from setpoint.model.diff import Change
from setpoint.model.plan import Consent, Step, obstructed
from setpoint.model.tree import Json, parts
from setpoint_dns.content import Batch, Id, RRset
from setpoint_dns.kinds.dns_zone.create import soa_set
from setpoint_dns.kinds.dns_zone.declared import declared_sets
from setpoint_dns.kinds.dns_zone.names import id_of, shown
from setpoint_dns.kinds.dns_zone.soa import declared_fields, soa_in
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.kinds.dns_zone.wire import batch_arguments
from setpoint_dns.rdata import POWERDNS
from setpoint_dns.records.zone import ADDRESSES
from setpoint_dns.server import Can

NAMED: Final = 3
"""Up to how many changes of each sort are named in the summary."""
PERCENT, FROM = 30, 10
"""What part of a zone may change at once without asking, and from how many sets on that is asked."""


@dataclass(frozen=True)
class _Part:
    """Sets that change in one step."""

    put: Mapping[Id, RRset]
    drop: tuple[Id, ...] = ()

    @property
    def ids(self) -> frozenset[Id]:
        """All of them."""
        return frozenset({*self.put, *self.drop})

    def without(self, others: Collection[Id]) -> _Part:
        """Those that are not among others."""
        kept = {which: one for which, one in self.put.items() if which not in others}
        return _Part(kept, tuple(which for which in self.drop if which not in others))

    def only(self, chosen: Collection[Id]) -> _Part:
        """Those that are chosen."""
        return self.without(self.ids.difference(chosen))


def write(
    spec: DnsZoneSpec, state: ZoneState, changes: tuple[Change, ...], scopes: tuple[str, ...]
) -> Iterator[Step]:
    """All record changes at once, without those in whose way something stands that is not ours.

    The zone's own nameservers and its start of authority change apart, for a person is asked and the rest need not wait.
    """
    declared = declared_sets(spec)
    by_set: dict[Id, list[Change]] = {}
    for change in changes:
        part, *way = parts(change.path)
        by_set.setdefault(id_of(way[0]) if part == "records" else (state.origin, "SOA"), []).append(change)
    touched = [which for which in by_set if which != (state.origin, "SOA")]
    whole = _Part(
        {which: declared[which] for which in touched if which in declared},
        tuple(which for which in touched if which not in declared),
    )
    blocked = {**_in_the_way(state, whole.put, whole.drop), **_foreign(state, whole.put)}
    alone = {name for name, _ in blocked}
    for which, (why, remedy) in blocked.items():
        yield obstructed(why, remedy, tuple(by_set[which]))
    rest = whole.without({*blocked, *(which for which in whole.drop if which[0] in alone)})
    for one in _parted(spec, state, rest, soa=(state.origin, "SOA") in by_set):
        told = (change for which in by_set if which in one.ids for change in by_set[which])
        yield _step(spec, state, one, tuple(told), scopes)


def _parted(spec: DnsZoneSpec, state: ZoneState, whole: _Part, *, soa: bool) -> Iterator[_Part]:
    """What changes together. The zone is sound after each, whichever of them a person lets happen.

    The addresses of nameservers that leave stay until those have left; the addresses of new ones come before, or with
    them where a person is asked for all the rest as well.
    """
    apex = (state.origin, "NS")
    before = state.zone.rrsets[apex].values if apex in state.zone.rrsets else ()
    after = whole.put[apex].values if apex in whole.put else before
    leaving = frozenset(_leaving(whole, {*before}.difference(after)))
    free = whole.without({apex, *leaving})
    if free.ids:
        yield free
    asked = any(_asks(spec, state, free))
    coming = _coming(free, {*after}.difference(before)) if asked else ()
    part = whole.only({apex, *leaving, *coming})
    if soa:
        part = replace(part, put={**part.put, (state.origin, "SOA"): _soa(spec, state)})
    if part.ids:
        yield part


def _leaving(part: _Part, hosts: Collection[str]) -> Iterator[Id]:
    """The changes by which hosts lose their addresses."""
    for which in part.ids:
        aliased = (which[0], "CNAME") in part.put
        if which[0] in hosts and (aliased or (which[1] in ADDRESSES and which in part.drop)):
            yield which


def _coming(part: _Part, hosts: Collection[str]) -> Iterator[Id]:
    """The changes by which hosts get their addresses."""
    return (which for which in part.ids if which[0] in hosts and which[1] in (*ADDRESSES, "CNAME"))


def _step(
    spec: DnsZoneSpec, state: ZoneState, part: _Part, changes: tuple[Change, ...], scopes: tuple[str, ...]
) -> Step:
    batch = Batch(tuple(part.put.values()), part.drop, state.zone.serial)
    whys = tuple(_asks(spec, state, part))
    consent = Consent("; ".join(whys), _subject(state, batch)) if whys else None
    arguments: dict[str, Json] = {**batch_arguments(batch), "tell": bool(state.secondaries)}
    return Step("write", _summary(state, batch), changes, arguments=arguments, scopes=scopes, consent=consent)


def _soa(spec: DnsZoneSpec, state: ZoneState) -> RRset:
    """What is there with what is declared; the serial is the server's, which never lowers it."""
    there = soa_in(state.zone.rrsets, state.origin)
    if there is None or spec.soa is None:
        apex = state.zone.rrsets.get((state.origin, "NS")) or RRset(
            state.origin, "NS", spec.ttl, (state.origin,)
        )
        return soa_set(spec, apex)
    fields: dict[str, object] = {**declared_fields(spec.soa, state.origin)}
    data = replace(there, **fields, serial=state.zone.serial)  # type: ignore[arg-type]  # of the declared types
    return replace(state.zone.rrsets[state.origin, "SOA"], values=(str(data),))


def _foreign(state: ZoneState, put: Collection[Id]) -> dict[Id, tuple[str, str]]:
    """Sets of types that the server does not have, each with what helps."""
    if Can.OWN_TYPES in state.can:
        return {}
    why = f"is of a type that only PowerDNS has, and the server of {state.origin} is another one"
    remedy = "write A and AAAA, or CNAME below the zone's name"
    return {which: (f"{shown(which, state.origin)} {why}", remedy) for which in put if which[1] in POWERDNS}


def _in_the_way(state: ZoneState, put: Mapping[Id, RRset], drop: tuple[Id, ...]) -> dict[Id, tuple[str, str]]:
    """Sets that cannot be where they are declared: an alias stands alone, and what stays there is not ours."""
    staying: dict[str, set[str]] = {name: set() for name, _ in put}
    going = {*put, *drop}
    for name, rtype in state.zone.rrsets:
        if name in staying and (name, rtype) not in going:
            staying[name].add(rtype)
    found: dict[Id, str] = {}
    for name, rtype in put:
        others = staying.get(name, set())
        if rtype == "CNAME" and others:
            found[name, rtype] = (
                f"{shown((name, rtype), state.origin)} cannot be beside {', '.join(sorted(others))}"
            )
        elif "CNAME" in others:
            found[name, rtype] = f"{shown((name, rtype), state.origin)} cannot be beside a CNAME"
    remedy = "remove what is there by hand, or declare another name"
    return {which: (f"{why}, which in {state.origin} is not ours", remedy) for which, why in found.items()}


def _summary(state: ZoneState, batch: Batch) -> str:
    there = state.zone.rrsets
    sorts = {
        "add": [one.id for one in batch.put if one.id not in there],
        "change": [one.id for one in batch.put if one.id in there],
        "remove": [*batch.drop],
    }
    told = [f"{verb} {_listed(ids, state.origin)}" for verb, ids in sorts.items() if ids]
    count = len(batch.put) + len(batch.drop)
    return f"change {count} record set{'s' * (count != 1)} of {state.origin}: {', '.join(told)}"


def _listed(ids: list[Id], origin: str) -> str:
    first = ", ".join(shown(which, origin) for which in ids[:NAMED])
    more = len(ids) - NAMED
    return f"{first} and {more} more" if more > 0 else first


def _asks(spec: DnsZoneSpec, state: ZoneState, part: _Part) -> Iterator[str]:
    """Why a person is asked first."""
    changed = [which for which in part.put if which in state.sets]
    whole = _held(spec, state, part)
    count = len(changed) + len(part.drop)
    if whole >= FROM and count * 100 > whole * PERCENT:
        parted = f"{len(part.drop)} removed and {len(changed)} changed"
        yield f"{count} of {whole} record sets of {state.origin} would be {parted}, which is more than {PERCENT} %"
    if (state.origin, "NS") in part.ids:
        yield f"the nameservers of {state.origin} itself would change"
    if (state.origin, "SOA") in part.ids:
        yield f"the start of authority (SOA) of {state.origin} would change"


def _held(spec: DnsZoneSpec, state: ZoneState, part: _Part) -> int:
    """How many of the sets that are there are ours."""
    if spec.ownership is Ownership.ZONE:
        return len(state.sets)
    return len(state.sets.keys() & {*declared_sets(spec), *part.drop})


def _subject(state: ZoneState, batch: Batch) -> Json:
    """Exactly these changes of exactly this version of the zone."""
    text = json.dumps(batch_arguments(batch), sort_keys=True)
    return {
        "zone": state.origin,
        "serial": state.zone.serial,
        "changes": hashlib.sha256(text.encode()).hexdigest(),
    }
