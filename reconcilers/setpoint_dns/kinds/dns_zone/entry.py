"""Which part of a zone waits alone for what another resource publishes: a record set."""

from __future__ import annotations

from setpoint.model.gather import Entry
from setpoint.model.tree import Pointer, Tree, join, parts
from setpoint_dns.kinds.dns_zone.names import member
from setpoint_dns.rdata import canonical_name, canonical_type


def entry(spec: Tree, field: Pointer) -> Entry:
    """The set that a field below `/records` stands in; the spec names its zone, as `gather` sees to."""
    _, name, rtype, *_ = parts(field)
    which = canonical_name(name, f"{spec['zone']}."), canonical_type(rtype)
    return Entry(join(join("/records", name), rtype), (join("/records", member(which)),))
