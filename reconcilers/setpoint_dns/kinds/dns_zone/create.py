"""The step that makes a zone, with all its records in the same call."""

from __future__ import annotations

from setpoint.model.diff import Change
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json
from setpoint_dns.content import RRset
from setpoint_dns.kinds.dns_zone.declared import declared_sets
from setpoint_dns.kinds.dns_zone.soa import EXPIRE, MINIMUM, REFRESH, RETRY, SoaData, declared_fields, mailbox
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Soa
from setpoint_dns.kinds.dns_zone.wire import plain
from setpoint_dns.server import Can


def create(spec: DnsZoneSpec, can: Can, changes: tuple[Change, ...], scopes: tuple[str, ...]) -> Step:
    """Make the zone; a server of which zones are not made over the wire needs a person for it."""
    origin = f"{spec.zone}."
    if Can.CREATE not in can:
        why = f"the server does not have zone {origin}, and makes none over the wire"
        return obstructed(
            why,
            f"add {origin} to its configuration, with our key in what may transfer and update it",
            changes,
        )
    sets = declared_sets(spec)
    apex = sets.get((origin, "NS"))
    if apex is None:
        why = f"zone {origin} declares no nameservers of its own, without which it cannot be made"
        return obstructed(why, "write them in nameservers", changes)
    settings = (
        {}
        if spec.settings is None
        else spec.settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    )
    arguments: dict[str, Json] = {
        "settings": settings,
        "rrsets": [plain(one) for one in (soa_set(spec, apex), *sets.values())],
        "tell": bool(spec.secondaries),
    }
    summary = f"create zone {origin} with {len(sets)} record sets"
    return Step("create", summary, changes, arguments=arguments, scopes=scopes)


def soa_set(spec: DnsZoneSpec, apex: RRset) -> RRset:
    """The start of authority of a new zone."""
    origin = f"{spec.zone}."
    given = declared_fields(spec.soa or Soa(), origin)
    first = spec.nameservers[0] if spec.nameservers else apex.values[0]
    data = SoaData(
        primary=str(given.get("primary", declared_fields(Soa(primary=first), origin)["primary"])),
        contact=str(given.get("contact", mailbox(f"hostmaster@{spec.zone}", origin))),
        serial=1,
        **{
            name: int(str(given.get(name, usual)))
            for name, usual in (
                ("refresh", REFRESH),
                ("retry", RETRY),
                ("expire", EXPIRE),
                ("minimum", MINIMUM),
            )
        },
    )
    return RRset(origin, "SOA", spec.ttl, (str(data),))
