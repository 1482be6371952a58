"""Completes a spec with what its name, its server and what is there say, before it is compared."""

from __future__ import annotations

from setpoint.model.compute import Computed, Computing
from setpoint.model.errors import RefusalError
from setpoint_dns.content import RRset
from setpoint_dns.kinds.dns_zone.declared import declared_sets
from setpoint_dns.kinds.dns_zone.observe import all_secondaries
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.reach import Reach
from setpoint_dns.records.spec import Declared, RecordSet


async def compute(reach: Reach, computing: Computing[DnsZoneSpec, ZoneState]) -> Computed[DnsZoneSpec]:
    """The spec with its zone, view and all secondaries; a set whose value nobody publishes yet stays as it is.

    Raises:
        RefusalError: it makes no sense for a zone of this name.
    """
    spec = complete(computing.spec, computing.owner.key)
    spec = spec.model_copy(update={"secondaries": all_secondaries(reach, spec)})
    try:
        there = declared_sets(spec)
    except ValueError as error:
        raise RefusalError(f"{computing.owner.key} cannot be: {error}") from None
    state = computing.observed
    if state is None or not state.waiting:
        return Computed(spec)
    kept = [state.sets[which] for which in state.waiting if which in state.sets and which not in there]
    return Computed(_with(spec, kept) if kept else spec)


def _with(spec: DnsZoneSpec, kept: list[RRset]) -> DnsZoneSpec:
    """The spec with sets that are there."""
    records = dict(spec.records)
    for one in kept:
        values = RecordSet(values=one.values, ttl=one.ttl, disabled=one.disabled)
        by_type: dict[str, Declared] = {**records.get(one.name, {}), one.type: values}
        records[one.name] = by_type
    return spec.model_copy(update={"records": records})
