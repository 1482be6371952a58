"""Zones that their server signs: what it makes is left out, what the parent needs is told, and writing goes on."""

from __future__ import annotations

import asyncio

import pytest

from setpoint_dns.content import Signing
from setpoint_dns.rfc2136.found import GENERATED
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.updating import MAKES, MARK, ZONE, Start, change, client, many, signed


def told_by(server: Program) -> list[str]:
    """The DS that the server tells of itself, if it does."""
    if not isinstance(server, Pdns):
        return []
    (key,) = server.api("GET", f"/zones/{ZONE}/cryptokeys")[1]
    return [ds for ds in key["ds"] if ds.split()[2] == "2"]


@pytest.mark.parametrize("make", MAKES)
async def test_a_signed_zone_is_read_without_what_the_server_makes_and_written_as_any_other(
    make: str, start: Start
) -> None:
    server = await asyncio.to_thread(signed, make, start)
    ours = client(server.port)
    await ours.mark(ZONE, MARK)
    zone = await change(ours, *many(1_500))
    assert zone.signing is not None
    assert zone.signing.enabled
    assert zone.signing.keys >= 1
    assert [ds.split()[2] for ds in zone.signing.ds] == ["2"]
    assert list(zone.signing.ds) == (told_by(server) or list(zone.signing.ds))
    assert zone.signing.nsec3 == ("1 0 0 -" if make == "pdns" else "")
    assert not {rtype for _, rtype in zone.rrsets} & GENERATED
    assert len(zone.rrsets) == 1_503
    assert (await change(ours, drop=[one.id for one in many(1_500)])).mark == MARK


async def test_a_zone_that_is_not_signed_needs_no_ds(knot: Knot) -> None:
    assert (await client(knot.port).read(ZONE)).signing == Signing(enabled=False)
