"""The one step that changes records: everything that differs, together, with a person's consent where it goes far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
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

NAMED: Final = 3
"""Up to how many changes of each sort are named in the summary."""
PERCENT, FROM = 30, 10
"""What part of a zone may change at once without asking, and from how many sets on that is asked."""


def write(
    spec: DnsZoneSpec, state: ZoneState, changes: tuple[Change, ...], scopes: tuple[str, ...]
) -> Iterator[Step]:
    """All record changes at once, without those in whose way something stands that is not ours."""
    declared = declared_sets(spec)
    touched = dict.fromkeys(id_of(parts(c.path)[1]) for c in changes if parts(c.path)[0] == "records")
    put = {which: declared[which] for which in touched if which in declared}
    drop = tuple(which for which in touched if which not in declared)
    blocked = _in_the_way(state, put, drop)
    alone = {name for name, _ in blocked}
    drop = tuple(which for which in drop if which[0] not in alone)
    for which, why in blocked.items():
        told = tuple(
            c for c in changes if c.path.startswith("/records/") and id_of(parts(c.path)[1]) == which
        )
        yield obstructed(why, "remove what is there by hand, or declare another name", told)
    sets = [one for which, one in put.items() if which not in blocked]
    if any(parts(change.path)[0] == "soa" for change in changes):
        sets.append(_soa(spec, state))
    if sets or drop:
        batch = Batch(tuple(sets), drop, state.zone.serial)
        left = tuple(
            c for c in changes if not c.path.startswith("/records/") or id_of(parts(c.path)[1]) not in blocked
        )
        yield _step(spec, state, batch, left, scopes)


def _step(
    spec: DnsZoneSpec, state: ZoneState, batch: Batch, changes: tuple[Change, ...], scopes: tuple[str, ...]
) -> Step:
    whys = tuple(_asks(spec, state, batch))
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


def _in_the_way(state: ZoneState, put: Mapping[Id, RRset], drop: tuple[Id, ...]) -> dict[Id, str]:
    """Sets that cannot be where they are declared: an alias stands alone, and what stays there is not ours."""
    staying: dict[str, set[str]] = {}
    for name, rtype in state.zone.rrsets.keys() - put.keys() - {*drop}:
        staying.setdefault(name, set()).add(rtype)
    found: dict[Id, str] = {}
    for name, rtype in put:
        others = staying.get(name, set())
        if rtype == "CNAME" and others:
            found[name, rtype] = (
                f"{shown((name, rtype), state.origin)} cannot be beside {', '.join(sorted(others))}"
            )
        elif "CNAME" in others:
            found[name, rtype] = f"{shown((name, rtype), state.origin)} cannot be beside a CNAME"
    return {which: f"{why}, which in {state.origin} is not ours" for which, why in found.items()}


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


def _asks(spec: DnsZoneSpec, state: ZoneState, batch: Batch) -> Iterator[str]:
    """Why a person is asked first."""
    changed = [one.id for one in batch.put if one.id in state.sets]
    whole = _held(spec, state, batch)
    count = len(changed) + len(batch.drop)
    if whole >= FROM and count * 100 > whole * PERCENT:
        parted = f"{len(batch.drop)} removed and {len(changed)} changed"
        yield f"{count} of {whole} record sets of {state.origin} would be {parted}, which is more than {PERCENT} %"
    touched = {*changed, *batch.drop, *(one.id for one in batch.put)}
    if (state.origin, "NS") in touched:
        yield f"the nameservers of {state.origin} itself would change"
    if (state.origin, "SOA") in touched:
        yield f"the start of authority (SOA) of {state.origin} would change"


def _held(spec: DnsZoneSpec, state: ZoneState, batch: Batch) -> int:
    """How many of the sets that are there are ours."""
    if spec.ownership is Ownership.ZONE:
        return len(state.sets)
    return len(state.sets.keys() & {*declared_sets(spec), *batch.drop})


def _subject(state: ZoneState, batch: Batch) -> Json:
    """Exactly these changes of exactly this version of the zone."""
    text = json.dumps(batch_arguments(batch), sort_keys=True)
    return {
        "zone": state.origin,
        "serial": state.zone.serial,
        "changes": hashlib.sha256(text.encode()).hexdigest(),
    }
