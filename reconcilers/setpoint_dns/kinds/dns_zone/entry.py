"""Which part of a zone waits alone for what another resource publishes: a record set, or the PTR records to a name."""

from __future__ import annotations

from setpoint.model.gather import Entry
from setpoint.model.tree import Pointer, Tree, join, parts
from setpoint_dns.kinds.dns_zone.addressed import rtype_of
from setpoint_dns.kinds.dns_zone.names import member
from setpoint_dns.kinds.dns_zone.spec import ADDRESSED
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.rdata import canonical_name, canonical_type


def entry(spec: Tree, field: Pointer, seen: ZoneState | None) -> Entry:
    """What a field stands in; the spec names its zone, as `gather` sees to.

    Which PTR waits is not known without the address, but those that are there and point to the name are left as they are.
    """
    part, name, rtype, *_ = parts(field)
    full = canonical_name(name, f"{spec['zone']}.")
    if part == ADDRESSED:
        pointing = seen is not None and rtype == rtype_of(f"{spec['zone']}.")
        sets = seen.pointing.get(full, ()) if pointing and seen else ()
    else:
        sets = ((full, canonical_type(rtype)),)
    return Entry(
        join(join(f"/{part}", name), rtype), tuple(join("/records", member(which)) for which in sets)
    )
