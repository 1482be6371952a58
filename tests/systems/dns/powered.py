"""A PowerDNS as the engine reaches it, and what tests write on it."""

from __future__ import annotations

from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint.run.gate import LaneGate
from setpoint_dns.content import Batch, Id, RRset
from setpoint_dns.powerdns.access import Access
from setpoint_dns.powerdns.server import PowerdnsServer
from tests.systems.dns.servers.pdns import API_KEY

ZONE = "example.test."
MARK = Mark("lab", Key("default", "DnsZone", "example.test"), ZONE)
SOA = RRset(ZONE, "SOA", 3600, (f"ns1.{ZONE} hostmaster.{ZONE} 1 10800 3600 604800 300",))
NS = RRset(ZONE, "NS", 3600, (f"ns1.{ZONE}",))


def reach(url: str, key: str = API_KEY) -> PowerdnsServer:
    """A client that passes a real gate."""
    return PowerdnsServer(Access(url, Secret(key), "{file: /run/keys/pdns}"), LaneGate())


def rrset(name: str, rtype: str, *values: str, ttl: int = 300) -> RRset:
    """A set of the zone; `@` is its apex."""
    return RRset(ZONE if name == "@" else f"{name}.{ZONE}", rtype, ttl, tuple(sorted(values)))


async def put(server: PowerdnsServer, *sets: RRset, drop: tuple[Id, ...] = ()) -> None:
    """One write, decided on the zone as it is now."""
    await server.write(ZONE, Batch(sets, drop, (await server.read(ZONE)).serial))
