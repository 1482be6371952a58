"""Zones that their server signs: what it makes is left out, what the parent needs is told, and writing goes on."""

from __future__ import annotations

import asyncio
import http.client

import pytest

from setpoint_dns.content import Signing
from setpoint_dns.rfc2136.found import GENERATED
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program, until
from tests.systems.dns.updating import MAKES, MARK, ZONE, Start, change, client, fill, many


class SignedBind(Bind):
    def configure(self) -> None:
        super().configure()
        path = self.root / "named.conf"
        policy = f'type primary; dnssec-policy default; inline-signing no; key-directory "{self.root}";'
        path.write_text(path.read_text().replace("type primary;", policy))


def signed(make: str, start: Start) -> tuple[Program, list[str]]:
    """A server that signs the zone, and the DS that it tells of itself if it does."""
    match make:
        case "knot":
            knot = Knot(ZONE)
            knot.options += ["dnssec-signing: on", "zonemd-generate: zonemd-sha384"]
            return start(knot), []
        case "bind":
            return start(SignedBind(ZONE)), []
        case _:
            pdns = Pdns()
            start(pdns)
            fill(pdns)
            wish = {"dnssec": True, "nsec3param": "1 0 0 -", "api_rectify": True}
            assert pdns.api("PUT", f"/zones/{ZONE}", wish)[0] == http.client.NO_CONTENT
            (key,) = pdns.api("GET", f"/zones/{ZONE}/cryptokeys")[1]
            return pdns, [ds for ds in key["ds"] if ds.split()[2] == "2"]


@pytest.mark.parametrize("make", MAKES)
async def test_a_signed_zone_is_read_without_what_the_server_makes_and_written_as_any_other(
    make: str, start: Start
) -> None:
    server, told = signed(make, start)
    ours = client(server.port)
    await asyncio.to_thread(until, lambda: bool(server.values(ZONE, "DNSKEY")), "the zone is signed")
    await ours.mark(ZONE, MARK)
    zone = await change(ours, *many(1_500))
    assert zone.signing is not None
    assert zone.signing.enabled
    assert zone.signing.keys >= 1
    assert [ds.split()[2] for ds in zone.signing.ds] == ["2"]
    assert list(zone.signing.ds) == (told or list(zone.signing.ds))
    assert zone.signing.nsec3 == ("1 0 0 -" if make == "pdns" else "")
    assert not {rtype for _, rtype in zone.rrsets} & GENERATED
    assert len(zone.rrsets) == 1_503
    assert (await change(ours, drop=[one.id for one in many(1_500)])).mark == MARK


async def test_a_zone_that_is_not_signed_needs_no_ds(knot: Knot) -> None:
    assert (await client(knot.port).read(ZONE)).signing == Signing(enabled=False)
