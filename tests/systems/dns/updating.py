"""Primaries of the three makes with the same zone and key, clients of them, and updates that somebody makes by hand."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Sequence
from dataclasses import replace

import dns.query
import dns.rcode
import dns.tsig
import dns.update

from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.kind import Gate
from setpoint.model.secret import Secret
from setpoint.run.gate import LaneGate
from setpoint_dns.content import Batch, Id, RRset, Zone
from setpoint_dns.rfc2136.server import Rfc2136Server
from setpoint_dns.rfc2136.wire import Endpoint, Patience, Tsig
from tests.rig.waiting import until
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import HMAC, SECRET, Program

ZONE = "example.test."
KEY = "setpoint"
MARK = Mark("estate-1", Key("prod", "DnsZone", "example.test"), ZONE)
MAKES = ("knot", "bind", "pdns")
Start = Callable[[Program], Program]


def primary(make: str, start: Start, **settings: str) -> Program:
    """A server of that make with the zone, whose SOA, NS and `ns1` are the same everywhere."""
    match make:
        case "knot":
            return start(Knot(ZONE))
        case "bind":
            return start(Bind(ZONE))
        case _:
            server = Pdns(settings)
            start(server)
            fill(server)
            return server


def signed(make: str, start: Start) -> Program:
    """A server of that make that signs the zone; PowerDNS with NSEC3."""
    match make:
        case "knot":
            knot = Knot(ZONE)
            knot.options += ["dnssec-signing: on", "zonemd-generate: zonemd-sha384"]
            start(knot)
            server: Program = knot
        case "bind":
            bind = Bind(ZONE)
            bind.options = f'dnssec-policy default; inline-signing no; key-directory "{bind.root}";'
            server = start(bind)
        case _:
            pdns = Pdns()
            server = start(pdns)
            fill(pdns)
            wish = {"dnssec": True, "nsec3param": "1 0 0 -", "api_rectify": True}
            assert pdns.api("PUT", f"/zones/{ZONE}", wish)[0] == http.client.NO_CONTENT
    until(lambda: bool(server.values(ZONE, "DNSKEY")), "the zone is signed")
    return server


def fill(server: Pdns) -> None:
    """The zone, with a key that may transfer and update it."""
    server.add_zone(ZONE)
    soa = f"ns1.{ZONE} hostmaster.{ZONE} 1 10800 3600 604800 300"
    assert server.put(ZONE, ZONE, "SOA", soa, ttl=3600)[0] == http.client.NO_CONTENT
    server.put(ZONE, f"ns1.{ZONE}", "A", "127.0.0.1", ttl=3600)
    server.add_key(KEY)
    server.api("PUT", f"/zones/{ZONE}/metadata/TSIG-ALLOW-DNSUPDATE", {"metadata": [KEY]})
    server.api("PUT", f"/zones/{ZONE}", {"master_tsig_key_ids": [f"{KEY}."]})


def client(
    port: int, key: str = KEY, *, secret: str = SECRET, gate: Gate | None = None, patience: float = 60.0
) -> Rfc2136Server:
    """A client of a port of this machine; without a key nothing is signed."""
    tsig = Tsig(key, HMAC, Secret(secret)) if key else None
    waits = replace(Patience(), answer=patience, update=patience, transfer=patience)
    return Rfc2136Server(Endpoint("127.0.0.1", port), tsig, gate or LaneGate(), waits)


def a(name: str, *values: str, ttl: int = 300) -> RRset:
    """Addresses of a name below the zone's."""
    return rrset(name, "A", *values, ttl=ttl)


def rrset(name: str, rtype: str, *values: str, ttl: int = 300) -> RRset:
    """A set of a name below the zone's; `@` is the zone's own."""
    return RRset(ZONE if name == "@" else f"{name}.{ZONE}", rtype, ttl, tuple(sorted(values)))


def many(count: int, block: str = "10.1", prefix: str = "c") -> tuple[RRset, ...]:
    """So many sets of one address."""
    return tuple(a(f"{prefix}{number}", f"{block}.{number >> 8}.{number & 255}") for number in range(count))


async def change(
    server: Rfc2136Server, *put: RRset, drop: Sequence[Id] = (), zone: Zone | None = None
) -> Zone:
    """Write upon what is there now, or was there in `zone`, and read back."""
    before = zone or await server.read(ZONE)
    await server.write(ZONE, Batch(put, tuple(drop), before.serial))
    return await server.read(ZONE)


def by_hand(
    server: Program, write: Callable[[dns.update.UpdateMessage], object], *, key: str = KEY, zone: str = ZONE
) -> str:
    """The rcode of an update that somebody else sends."""
    keyring = dns.tsig.Key(key, SECRET, HMAC) if key else None
    message = dns.update.UpdateMessage(zone, keyring=keyring)
    write(message)
    answer = dns.query.tcp(message, "127.0.0.1", port=server.port, timeout=10)
    return dns.rcode.to_text(answer.rcode())
