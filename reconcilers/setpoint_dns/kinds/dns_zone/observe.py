"""Reads a zone and asks its secondaries. That the server knows no such zone is a proof; that it is silent is none."""

from __future__ import annotations

import asyncio
from typing import Final

from setpoint.model.errors import TargetError
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present
from setpoint_dns.kinds.dns_zone.declared import divide, waiting
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import SecondaryState, Standing, ZoneState
from setpoint_dns.reach import Reach
from setpoint_dns.secondary import is_newer, serial_at
from setpoint_dns.server import GoneError

PATIENCE: Final = 5.0
"""Seconds that secondaries are given after a write, before the look ends without them."""
PACE: Final = 0.2


async def observe(reach: Reach, looking: Looking[DnsZoneSpec]) -> Observation[ZoneState]:
    """Look at the zone by its name."""
    assert looking.identity is not None  # noqa: S101  # a zone has its name at least
    origin = str(looking.identity["zone"])
    try:
        zone = await reach.server.read(origin)
    except GoneError as gone:
        return Absent(gone.message)
    spec = complete(looking.spec, looking.owner.key)
    sets, left = divide(zone, spec)
    fresh = reach.is_fresh(origin)
    seen = await _secondaries(reach, spec, origin, zone.serial, PATIENCE if fresh else 0.0)
    if any(one.standing is Standing.UNHEARD for one in seen):
        reach.untold(origin)
    state = ZoneState(
        zone=zone,
        sets=sets,
        left=left,
        secondaries=seen,
        can=reach.server.can,
        ownership=spec.ownership,
        waiting=waiting(spec),
        fresh=fresh,
        tell=reach.may_tell(origin),
    )
    return Present(state, {"zone": origin}, zone.mark)


def all_secondaries(reach: Reach, spec: DnsZoneSpec) -> tuple[str, ...]:
    """The server's and the zone's own."""
    return tuple(dict.fromkeys((*reach.secondaries, *spec.secondaries)))


async def _secondaries(
    reach: Reach, spec: DnsZoneSpec, origin: str, serial: int, patience: float
) -> tuple[SecondaryState, ...]:
    """How each stands to the zone; those that are not there yet are asked again as long as there is patience."""
    end = asyncio.get_running_loop().time() + patience
    places = all_secondaries(reach, spec)
    while True:
        seen = tuple(await asyncio.gather(*(_secondary(reach, place, origin, serial) for place in places)))
        waits = any(one.standing in (Standing.BEHIND, Standing.UNHEARD) for one in seen)
        if not waits or asyncio.get_running_loop().time() >= end:
            return seen
        await asyncio.sleep(PACE)


async def _secondary(reach: Reach, place: str, origin: str, serial: int) -> SecondaryState:
    try:
        its = await serial_at(place, origin)
    except TargetError as error:
        return SecondaryState(place, Standing.UNHEARD, None, error.message)
    if is_newer(serial, its):
        return SecondaryState(place, Standing.BEHIND, its)
    if is_newer(its, serial) and is_newer(its, await reach.server.serial(origin)):
        return SecondaryState(place, Standing.AHEAD, its)
    return SecondaryState(place, Standing.CURRENT, its)
