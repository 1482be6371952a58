"""Completes a spec with what its name and its server say, before it is compared."""

from __future__ import annotations

from setpoint.model.compute import Computed, Computing
from setpoint.model.errors import RefusalError
from setpoint_dns.kinds.dns_zone.declared import declared_sets
from setpoint_dns.kinds.dns_zone.observe import all_secondaries
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.reach import Reach


async def compute(reach: Reach, computing: Computing[DnsZoneSpec, ZoneState]) -> Computed[DnsZoneSpec]:
    """The spec with its zone, view and all secondaries.

    Raises:
        RefusalError: it makes no sense for a zone of this name.
    """
    spec = complete(computing.spec, computing.owner.key)
    spec = spec.model_copy(update={"secondaries": all_secondaries(reach, spec)})
    try:
        declared_sets(spec)
    except ValueError as error:
        raise RefusalError(f"{computing.owner.key} cannot be: {error}") from None
    return Computed(spec)
