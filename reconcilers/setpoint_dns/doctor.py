"""Every check of a DNS server for `setpoint doctor`: that it answers, lets us in, and lets us do what is declared."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from setpoint.model.errors import TargetError
from setpoint.model.examine import OPEN, Check, Examination, Verdict
from setpoint.model.secret import hush
from setpoint_dns.connect import connect
from setpoint_dns.endpoint import place
from setpoint_dns.kinds.dns_server.spec import DnsServerSpec
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.reach import Reach
from setpoint_dns.rfc2136.stream import Endpoint
from setpoint_dns.secondaries import Ahead, Answer, Behind, Current, Lame, Refused, Unreachable, ask
from setpoint_dns.server import Can, GoneError, copied


async def examine(asked: Examination[DnsServerSpec]) -> AsyncGenerator[Check]:
    """Look at everything that the work on a server depends on; nothing is written."""
    reach = connect(asked.spec, asked.secrets, OPEN)
    values = [secret.reveal() for secret in asked.secrets.values()]
    try:
        async for check in _checks(reach, asked):
            yield Check(check.name, check.verdict, hush(check.sentence, values), hush(check.remedy, values))
    finally:
        await reach.server.close()


async def _checks(reach: Reach, asked: Examination[DnsServerSpec]) -> AsyncIterator[Check]:
    try:
        version = await reach.server.version()
        identity = await reach.server.identity()
    except TargetError as error:
        yield _wrong("answers", error, "check the endpoint and the key")
        return
    yield Check("answers", Verdict.OK, f"{version or 'a server that tells no version'}, known as {identity}")
    if Can.LIST in reach.server.can:
        try:
            count = len(await reach.server.zones())
        except TargetError as error:
            yield _wrong("zones", error, "check the key")
            return
        yield Check("zones", Verdict.OK, f"{count} listed")
    for key, spec in sorted(asked.held.items()):
        if isinstance(spec, DnsZoneSpec):
            whole = complete(spec, key)
            async for check in _zone(reach, f"{whole.zone}.", whole.secondaries):
                yield check


async def _zone(reach: Reach, zone: str, secondaries: tuple[str, ...]) -> AsyncIterator[Check]:
    """Whether a declared zone can be read, which on most servers is a right of its own, and who serves it beside."""
    try:
        found = await reach.server.read(zone)
    except GoneError as gone:
        can = Can.CREATE in reach.server.can
        verdict = Verdict.WARNING if can else Verdict.WRONG
        yield Check(zone, verdict, gone.message, "it is made once it is declared" if can else gone.remedy)
        return
    except TargetError as error:
        yield _wrong(zone, error, "let our key transfer the zone")
        return
    if found.copy:
        yield _wrong(zone, copied(zone), "")
        return
    yield Check(zone, Verdict.OK, f"{len(found.rrsets)} record sets, serial {found.serial}")
    places = tuple(dict.fromkeys((*reach.secondaries, *secondaries)))
    endpoints = {text: Endpoint(*place(text)) for text in places}
    answers = await ask(OPEN, tuple(dict.fromkeys(endpoints.values())), zone, found.serial, None)
    for text, endpoint in endpoints.items():
        yield _secondary(f"{zone} at {text}", answers[endpoint], found.serial)


def _secondary(name: str, answer: Answer, serial: int) -> Check:
    match answer:
        case Unreachable(why) | Refused(why) | Lame(why):
            remedy = "check that it runs, is configured for the zone, and lets us ask"
            return Check(name, Verdict.WRONG, why, remedy)
        case Current(its):
            return Check(name, Verdict.OK, f"serial {its}")
        case Behind(its):
            told = f"serial {its}, and the zone is at {serial}"
            return Check(
                name, Verdict.WARNING, told, "check that it is told of changes and may transfer the zone"
            )
        case Ahead(its):
            told = f"serial {its}, which is above {serial} of the zone"
            return Check(
                name, Verdict.WARNING, told, "unless the zone has just moved on, raise its serial beyond that"
            )


def _wrong(name: str, error: TargetError, remedy: str) -> Check:
    return Check(name, Verdict.WRONG, error.message, error.remedy or remedy)
