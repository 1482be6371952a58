"""Asks those that serve a zone beside its server how far they are: all at once, each with a scope of its own at the gate."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.serial
import dns.tsig
from dns.rdtypes.ANY.SOA import SOA

from setpoint.model.errors import TransportError
from setpoint.model.kind import Gate
from setpoint.model.printable import brief
from setpoint_dns.rfc2136.answers import rdatas
from setpoint_dns.rfc2136.stream import connected
from setpoint_dns.rfc2136.wire import Endpoint, Tsig

UDP: Final = 2.0
"""Seconds for an answer by UDP, before TCP is tried."""
TCP: Final = 3.0
"""Seconds for a connection and the answer on it."""
_TEXT: Final = 200


@dataclass(frozen=True)
class Current:
    """It serves the zone as it is."""

    serial: int


@dataclass(frozen=True)
class Behind:
    """It serves an older zone."""

    serial: int


@dataclass(frozen=True)
class Ahead:
    """It serves a serial that does not come before the zone's.

    The zone has moved on since it was read, or its serial was lowered once, and this one takes no zone of it any more.
    """

    serial: int


@dataclass(frozen=True)
class Unreachable:
    """Nothing came back that is an answer; `why` is a few words."""

    why: str


@dataclass(frozen=True)
class Refused:
    """It does not tell us; `why` is its rcode."""

    why: str


@dataclass(frozen=True)
class Lame:
    """It answers, and does not serve the zone; `why` is a few words."""

    why: str


Answer: TypeAlias = Current | Behind | Ahead | Unreachable | Refused | Lame


async def ask(
    gate: Gate, secondaries: Sequence[Endpoint], zone: str, serial: int, tsig: Tsig | None
) -> dict[Endpoint, Answer]:
    """How each of them stands to the zone.

    Args:
        gate: of the zone's server; one that does not answer counts against its own scope, `secondary/HOST:PORT`.
        secondaries: whom to ask.
        zone: its absolute name.
        serial: that of the zone.
        tsig: signs the questions, for those that choose a view by the key; None for none.

    Raises:
        RefusalError: the key is none; what a secondary does or does not raises nothing.
    """
    key = None if tsig is None else tsig.key()
    answers = await asyncio.gather(*(_ask(gate, one, zone, serial, key) for one in secondaries))
    return dict(zip(secondaries, answers, strict=True))


async def _ask(gate: Gate, endpoint: Endpoint, zone: str, serial: int, key: dns.tsig.Key | None) -> Answer:
    scope = f"secondary/{endpoint}"
    query = dns.message.make_query(zone, "SOA")
    query.flags &= ~dns.flags.RD
    if key is not None:
        query.use_tsig(key)
    try:
        async with gate.using(scope, elsewhere=True):
            try:
                answer = await _answer(endpoint, query)
            except (OSError, EOFError) as error:
                why = "no answer in time" if isinstance(error, TimeoutError) else _said(error)
                raise TransportError(why, scope=scope) from error
    except TransportError as error:
        return Unreachable(error.message)
    except dns.exception.DNSException as error:
        return Unreachable(f"its answer cannot be read: {_said(error)}")
    return judge(answer, zone, serial)


def judge(answer: dns.message.Message, zone: str, serial: int) -> Answer:
    """What an answer to the question for the SOA says, held against the zone's serial by RFC 1982."""
    rcode = answer.rcode()
    if rcode in (dns.rcode.REFUSED, dns.rcode.NOTAUTH):
        return Refused(dns.rcode.to_text(rcode))
    if rcode != dns.rcode.NOERROR:
        return Lame(f"it answers {dns.rcode.to_text(rcode)}")
    soa = rdatas(answer, dns.name.from_text(zone), "SOA")
    if not soa or not answer.flags & dns.flags.AA:
        return Lame("it answers without authority" if soa else "it has no such zone")
    assert isinstance(soa[0], SOA)  # noqa: S101  # of that type there is no other
    its = dns.serial.Serial(soa[0].serial)
    if its == serial:
        return Current(its.value)
    return Behind(its.value) if its < serial else Ahead(its.value)


async def _answer(endpoint: Endpoint, query: dns.message.Message) -> dns.message.Message:
    """By UDP, and by TCP when that brings nothing, as behind a firewall, or not all. Raises what both libraries raise."""
    async with asyncio.timeout(UDP):
        found = await asyncio.get_running_loop().getaddrinfo(endpoint.host, endpoint.port)
    with suppress(OSError, EOFError, dns.exception.DNSException):
        return await _by_udp(str(found[0][4][0]), endpoint.port, query)
    async with asyncio.timeout(TCP), connected(endpoint, TCP) as stream:
        await stream.send(query.to_wire())
        wire = await stream.receive()
    return dns.message.from_wire(wire, keyring=query.keyring, request_mac=query.mac)


async def _by_udp(address: str, port: int, query: dns.message.Message) -> dns.message.Message:
    """On a socket that is connected, for only such a one is told at once that nobody listens."""
    backend: Any = dns.asyncbackend.get_default_backend()
    family, where = dns.inet.af_for_address(address), (address, port)
    async with await backend.make_socket(family, socket.SOCK_DGRAM, destination=where) as opened:
        return await dns.asyncquery.udp(
            query, address, UDP, port, raise_on_truncation=True, ignore_unexpected=True, sock=opened
        )


def _said(error: Exception) -> str:
    return brief(str(error).rstrip(".") or type(error).__name__, _TEXT)
