"""What is seen of records that belong to a zone: nothing by themselves, for the zone is what a server has."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.diff import Projection
from setpoint.model.kind import Looking
from setpoint.model.observation import Present
from setpoint.model.tree import Json
from setpoint_dns.kinds.dns_records.spec import DnsRecordsSpec


@dataclass(frozen=True)
class RecordsState:
    """Records that were handed on to their zone.

    Attributes:
        sets: how many there are.
    """

    zone: str
    sets: int


async def observe(_: object, looking: Looking[DnsRecordsSpec]) -> Present[RecordsState]:
    """They are there by being declared; their zone is in sync by now, for it is waited for."""
    spec = looking.spec
    state = RecordsState(str(spec.zone), sum(len(types) for types in spec.records.values()))
    return Present(state, {"name": looking.owner.key.name}, None)


def project(_: RecordsState) -> Projection:
    """Nothing is compared here: it is in the zone."""
    return Projection({})


def status(state: RecordsState) -> dict[str, Json]:
    """What `status` shows."""
    return {"zone": state.zone, "records": state.sets}
