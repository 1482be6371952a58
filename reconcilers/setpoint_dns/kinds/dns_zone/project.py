"""Declaration and state of a zone as one comparable tree: flat below `records`, so that comparing thousands is quick."""

from __future__ import annotations

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Pointer, Tree, join
from setpoint_dns.kinds.dns_zone.declared import declared_sets
from setpoint_dns.kinds.dns_zone.members import members
from setpoint_dns.kinds.dns_zone.soa import declared_fields, soa_in
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership
from setpoint_dns.kinds.dns_zone.state import Standing, ZoneState
from setpoint_dns.server import Can

CURRENT = "current"
TREATMENTS = {
    "/records/*": Treatment.MEMBER,
    "/settings/alsoNotify": Treatment.SET,
    "/settings/allowTransfer": Treatment.SET,
    "/settings/transferKeys": Treatment.SET,
}


def exclusive(spec: DnsZoneSpec) -> tuple[Pointer, ...]:
    """Every record, unless only those that were declared are ours."""
    return ("/records",) if spec.ownership is Ownership.ZONE else ()


def declare(spec: DnsZoneSpec) -> Tree:
    """What was written; `zone` is known by then."""
    tree: Tree = {}
    if spec.records or spec.nameservers or spec.addressed:
        tree["records"] = members(declared_sets(spec))
    if spec.soa is not None:
        tree["soa"] = declared_fields(spec.soa, f"{spec.zone}.")
    if spec.settings is not None:
        tree["settings"] = spec.settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    if spec.dnssec is not None:
        tree["dnssec"] = spec.dnssec.model_dump(mode="json", by_alias=True, exclude_none=True)
    if spec.secondaries:
        tree["secondaries"] = dict.fromkeys(spec.secondaries, CURRENT)
    return tree


def project(state: ZoneState) -> Projection:
    """What is there."""
    zone = state.zone
    soa = soa_in(zone.rrsets, zone.name)
    tree: Tree = {
        "records": members(state.sets),
        "soa": {} if soa is None else soa.fields,
        "settings": dict(zone.settings),
    }
    unseen: list[Pointer] = []
    if zone.signing is not None:
        tree["dnssec"] = {"enabled": zone.signing.enabled, "nsec3": zone.signing.nsec3}
    elif Can.SIGN in state.can:
        unseen.append("/dnssec")
    seen: Tree = {}
    for one in state.secondaries:
        if one.standing is Standing.CURRENT:
            seen[one.place] = CURRENT
        elif one.standing is Standing.BEHIND and state.tell:
            seen[one.place] = f"serial {one.serial}"
        else:
            unseen.append(join("/secondaries", one.place))
    tree["secondaries"] = seen
    return Projection(tree, unseen=tuple(unseen))
