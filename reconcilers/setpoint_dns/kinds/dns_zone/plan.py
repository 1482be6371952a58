"""The steps that make a zone as declared, and those that take it away. Pure; neighbours: `batch`, `act`."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint.model.diff import Change, Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Consent, Disruption, Step, obstructed
from setpoint.model.tree import Json, parts
from setpoint_dns.facts import Facts
from setpoint_dns.kinds.dns_zone.batch import write
from setpoint_dns.kinds.dns_zone.create import create
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.server import Can

SCOPES = ("writes",)
"""A server is written to by one step at a time."""


def plan(found: Diff, planning: Planning[DnsZoneSpec, ZoneState]) -> tuple[Step, ...]:
    """What brings the zone to the declaration: all records at once, and each thing beside them by itself."""
    spec, state = planning.spec, planning.observed
    if state is None:
        facts: Facts = planning.facts
        return (create(spec, facts.can, found.changes, SCOPES),)
    by_part: dict[str, list[Change]] = {}
    for change in found.changes:
        by_part.setdefault(parts(change.path)[0], []).append(change)
    steps: list[Step] = []
    if changes := by_part.get("settings"):
        steps.append(_configure(spec, state, tuple(changes)))
    if changes := [*by_part.get("records", ()), *by_part.get("soa", ())]:
        steps += write(spec, state, tuple(changes), SCOPES)
    if changes := by_part.get("dnssec"):
        steps.append(_signing(spec, state, tuple(changes)))
    if changes := by_part.get("secondaries"):
        steps.append(_notify(state, tuple(changes)))
    return tuple(steps)


def _configure(spec: DnsZoneSpec, state: ZoneState, changes: tuple[Change, ...]) -> Step:
    if Can.SETTINGS not in state.can:
        why = f"the server of {state.origin} lets no setting of a zone be changed over the wire"
        return obstructed(why, "set it in the server's configuration, and leave `settings` out", changes)
    assert spec.settings is not None  # noqa: S101  # only what is declared differs
    names = sorted({parts(change.path)[1] for change in changes})
    wanted = spec.settings.model_dump(mode="json", by_alias=True)
    settings: dict[str, Json] = {name: wanted[name] for name in names}
    summary = f"set {', '.join(names)} of zone {state.origin}"
    return Step("configure", summary, changes, arguments={"settings": settings}, scopes=SCOPES)


def _signing(spec: DnsZoneSpec, state: ZoneState, changes: tuple[Change, ...]) -> Step:
    if Can.SIGN not in state.can:
        why = f"the server of {state.origin} cannot be told over the wire to sign, or not to"
        return obstructed(why, "set it in the server's configuration, and leave `dnssec` out", changes)
    assert spec.dnssec is not None  # noqa: S101  # only what is declared differs
    if spec.dnssec.enabled:
        arguments: dict[str, Json] = {"nsec3": spec.dnssec.nsec3 or ""}
        return Step("sign", f"sign zone {state.origin}", changes, arguments=arguments, scopes=SCOPES)
    return _unsign(state, changes)


def _unsign(state: ZoneState, changes: tuple[Change, ...]) -> Step:
    signing = state.zone.signing
    ds: list[Json] = [] if signing is None else [*signing.ds]
    why = (
        f"{state.origin} would be signed no more and its keys destroyed: resolvers that check refuse every answer as "
        "long as the parent zone has a DS record for it; have that removed first, and wait for its TTL"
    )
    subject: Json = {"zone": state.origin, "unsign": ds, "serial": state.zone.serial}
    return Step(
        "unsign",
        f"switch DNSSEC of zone {state.origin} off",
        changes,
        scopes=SCOPES,
        consent=Consent(why, subject),
    )


def _notify(state: ZoneState, changes: tuple[Change, ...]) -> Step:
    late = ", ".join(parts(change.path)[1] for change in changes)
    return Step("notify", f"tell the secondaries of {state.origin} to look, for {late} is behind", changes)


def remark(owner: Owner, state: ZoneState) -> Step | None:
    """Write our mark; None when it is there."""
    if state.zone.mark == owner.mark(state.origin):
        return None
    return Step(
        "mark", f"write the mark on zone {state.origin}, which tells that it is {owner.key}", scopes=SCOPES
    )


def remove(owner: Owner, state: ZoneState, _facts: Facts) -> tuple[Step, ...]:
    """Remove the zone with everything in it, if all of it is ours."""
    why = remedy = ""
    if state.zone.mark != owner.mark(state.origin):
        why = f"zone {state.origin} does not bear the mark of {owner.key}, so it is not removed"
    elif state.ownership is Ownership.RECORDS:
        why = f"only some of the records in {state.origin} are ours, so the zone is not removed"
        remedy = f"declare it with empty records to have those removed, and then setpoint forget {owner.key}"
    elif Can.CREATE not in state.can:
        why = f"the server of {state.origin} removes no zone over the wire"
        remedy = f"take it out of the server's configuration, or setpoint forget {owner.key}"
    if why:
        return (obstructed(why, remedy or f"setpoint forget {owner.key}", ()),)
    return tuple(_removal(state))


def _removal(state: ZoneState) -> Iterator[Step]:
    summary = f"remove zone {state.origin} with its {len(state.zone.rrsets)} record sets"
    yield Step("destroy", summary, disruption=Disruption.DESTROY, scopes=SCOPES)
