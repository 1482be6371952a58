"""Reads a zone and asks its secondaries. That the server knows no such zone is a proof; that it is silent is none."""

from __future__ import annotations

import asyncio
from typing import Final

import dns.serial

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present
from setpoint_dns.content import Id, Zone
from setpoint_dns.endpoint import place
from setpoint_dns.kinds.dns_zone.declared import declared_sets, divide, waiting
from setpoint_dns.kinds.dns_zone.members import Sets
from setpoint_dns.kinds.dns_zone.names import id_of
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import SecondaryState, Standing, ZoneState
from setpoint_dns.reach import Reach
from setpoint_dns.rfc2136.stream import Endpoint
from setpoint_dns.secondaries import Ahead, Answer, Behind, Current, Lame, Refused, Unreachable, ask
from setpoint_dns.server import GoneError, copied

FEW: Final = 8
"""Sets that are to change up to which only they are read, and not a zone of thousands for them."""
PATIENCE: Final = 5.0
"""Seconds that secondaries are given after a write, before the look ends without them."""
PACE: Final = 0.2


async def observe(reach: Reach, looking: Looking[DnsZoneSpec]) -> Observation[ZoneState]:
    """Look at the zone by its name.

    Raises:
        TargetError: it cannot be told; RefusalError also of a zone that the server only copies.
    """
    assert looking.identity is not None  # noqa: S101  # a zone has its name at least
    origin = str(looking.identity["zone"])
    named = {"zone": origin.removesuffix(".")}
    spec = complete(looking.spec.model_copy(update=named), looking.owner.key)
    try:
        known = await _known(reach, origin, spec) if looking.touched_alone else None
        zone = known or await reach.read(origin)
    except GoneError as gone:
        return Absent(gone.message)
    if zone.copy:
        raise copied(origin)
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
        fresh=fresh,
        tell=reach.may_tell(origin),
    )
    return Present(state, {"zone": origin}, zone.mark, partial=known is not None)


async def _known(reach: Reach, origin: str, spec: DnsZoneSpec) -> Zone | None:
    """The zone as it was read before, if the server has no other one by its serial and in the few sets that are to change."""
    zone = reach.last.get(origin)
    if zone is None or waiting(spec):
        return None
    touched = _touched(divide(zone, spec)[0], declared_sets(spec))
    if not 0 < len(touched) <= FEW or not await reach.server.is_still(zone, touched):
        return None
    return zone


def _touched(there: Sets, wanted: Sets) -> set[Id]:
    """The sets that are not the same; told in no time, for equal ones have the very same content."""
    was, will = there.members, wanted.members
    names = {name for name, content in will.items() if was.get(name) is not content}
    return {id_of(name) for name in names | (was.keys() - will.keys())}


def all_secondaries(reach: Reach, spec: DnsZoneSpec) -> tuple[str, ...]:
    """The server's and the zone's own."""
    return tuple(dict.fromkeys((*reach.secondaries, *spec.secondaries)))


async def _secondaries(
    reach: Reach, spec: DnsZoneSpec, origin: str, serial: int, patience: float
) -> tuple[SecondaryState, ...]:
    """How each stands to the zone; those that answer and are not there yet are asked again as long as there is patience."""
    end = asyncio.get_running_loop().time() + patience
    places = {text: Endpoint(*place(text)) for text in all_secondaries(reach, spec)}
    while True:
        answers = await ask(reach.gate, tuple(dict.fromkeys(places.values())), origin, serial, None)
        seen = [await _standing(reach, text, origin, answers[where]) for text, where in places.items()]
        waits = any(isinstance(one, Behind | Refused | Lame) for one in answers.values())
        if not waits or asyncio.get_running_loop().time() >= end:
            return tuple(seen)
        await asyncio.sleep(PACE)


async def _standing(reach: Reach, text: str, origin: str, answer: Answer) -> SecondaryState:
    match answer:
        case Current(serial):
            return SecondaryState(text, Standing.CURRENT, serial)
        case Behind(serial):
            return SecondaryState(text, Standing.BEHIND, serial)
        case Ahead(serial):
            lower = dns.serial.Serial(await reach.server.serial(origin)) < serial
            return SecondaryState(text, Standing.AHEAD if lower else Standing.CURRENT, serial)
        case Unreachable(why) | Refused(why) | Lame(why):
            return SecondaryState(text, Standing.UNHEARD, None, why)
