"""Reading and writing by AXFR and signed updates, on every make of server."""

from __future__ import annotations

import asyncio

import pytest

from setpoint.model.errors import ConflictError, RefusalError
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint_dns.content import Batch, Signing
from setpoint_dns.rfc2136.server import Rfc2136Server
from setpoint_dns.server import Can, ZoneServer
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.updating import (
    MARK,
    ZONE,
    Start,
    a,
    by_hand,
    change,
    client,
    many,
    rrset,
)

RECORDS = (
    rrset("www", "A", "192.0.2.1", "192.0.2.2"),
    rrset("www", "AAAA", "2001:db8::1"),
    rrset("alias", "CNAME", f"www.{ZONE}"),
    rrset("@", "MX", f"10 mail.{ZONE}", f"20 mail2.{ZONE}"),
    rrset("@", "TXT", '"v=spf1 -all"', '"second ; one \\" quoted"'),
    rrset("@", "CAA", '0 issue "ca.example.net"'),
    rrset("_sip._tcp", "SRV", f"0 5 5060 sip.{ZONE}"),
    rrset("_443._tcp.www", "TLSA", "3 1 1 " + "ab" * 32),
    rrset("host", "SSHFP", "4 2 " + "cd" * 32),
    rrset("*.wild", "A", "192.0.2.9"),
    rrset("svc", "HTTPS", f'1 www.{ZONE} alpn="h2,h3"'),
    rrset("sub", "NS", "ns1.example.net."),
    rrset("long", "TXT", '"' + "x" * 255 + '" "' + "y" * 100 + '"'),
    a("mail", "192.0.2.25"),
    a("mail2", "192.0.2.26"),
)


@pytest.fixture
def ours(server: Program) -> Rfc2136Server:
    return client(server.port)


async def test_a_zone_is_read_as_it_is(ours: Rfc2136Server, server: Program) -> None:
    zone = await ours.read(ZONE)
    assert (zone.name, zone.serial, zone.mark, zone.settings) == (ZONE, server.serial(ZONE), None, {})
    assert zone.signing == Signing(enabled=False)
    soa = f"ns1.{ZONE} hostmaster.{ZONE} {zone.serial} 10800 3600 604800 300"
    assert sorted(zone.rrsets.values(), key=lambda one: one.id) == [
        rrset("@", "NS", f"ns1.{ZONE}", ttl=3600),
        rrset("@", "SOA", soa, ttl=3600),
        rrset("ns1", "A", "127.0.0.1", ttl=3600),
    ]
    assert await ours.serial(ZONE) == zone.serial


async def test_records_of_every_shape_are_read_as_they_were_written(ours: Rfc2136Server) -> None:
    zone = await change(ours, *RECORDS)
    assert [zone.rrsets.get(one.id) for one in RECORDS] == list(RECORDS)


async def test_a_type_without_a_name_is_written_or_refused_as_a_whole(
    ours: Rfc2136Server, server: Program
) -> None:
    unknown, before = rrset("unknown", "TYPE65280", "\\# 4 0a000001"), server.serial(ZONE)
    if isinstance(server, Pdns):
        with pytest.raises(RefusalError, match="PowerDNS takes no types that it does not know"):
            await change(ours, a("www", "192.0.2.1"), unknown)
        assert server.serial(ZONE) == before
    else:
        assert (await change(ours, unknown)).rrsets[unknown.id] == unknown


async def test_a_change_raises_the_serial_and_touches_nothing_else(ours: Rfc2136Server) -> None:
    first = await change(ours, a("one", "192.0.2.1"), a("two", "192.0.2.2"))
    second = await change(ours, a("one", "192.0.2.3", ttl=60), drop=[(f"two.{ZONE}", "A")])
    assert second.serial > first.serial
    assert second.rrsets[f"one.{ZONE}", "A"] == a("one", "192.0.2.3", ttl=60)
    kept = set(first.rrsets) - {(f"two.{ZONE}", "A")}
    assert set(second.rrsets) == kept


async def test_a_type_is_swapped_in_one_message(ours: Rfc2136Server, server: Program) -> None:
    await change(ours, a("www", "192.0.2.1"))
    before = server.serial(ZONE)
    zone = await change(ours, rrset("www", "CNAME", f"ns1.{ZONE}"), drop=[(f"www.{ZONE}", "A")])
    assert {rtype for name, rtype in zone.rrsets if name == f"www.{ZONE}"} == {"CNAME"}
    assert server.serial(ZONE) == before + 1
    zone = await change(ours, a("www", "192.0.2.2"), drop=[(f"www.{ZONE}", "CNAME")])
    assert {rtype for name, rtype in zone.rrsets if name == f"www.{ZONE}"} == {"A"}


async def test_thousands_of_records_are_written_and_their_serial_goes_on(
    ours: Rfc2136Server, server: Program
) -> None:
    await ours.mark(ZONE, MARK)
    before = await ours.read(ZONE)
    zone = await change(ours, *many(2_500))
    assert len(zone.rrsets) == len(before.rrsets) + 2_500
    # Three messages; PowerDNS takes one more, in which the mark is written once more as it is.
    assert zone.serial - before.serial in (3, 4)
    zone = await change(ours, drop=[one.id for one in many(2_500)])
    assert set(zone.rrsets) == set(before.rrsets)
    assert zone.mark == MARK


async def test_an_empty_batch_sends_nothing(server: Program) -> None:
    nowhere = client(1)
    await nowhere.write(ZONE, Batch((), (), 7))


async def test_a_write_upon_an_older_serial_is_a_conflict_and_writes_nothing(
    ours: Rfc2136Server, server: Program
) -> None:
    seen = await ours.read(ZONE)
    assert by_hand(server, lambda update: update.add("hand", 300, "A", "192.0.2.7")) == "NOERROR"
    with pytest.raises(ConflictError, match="serial"):
        await ours.write(ZONE, Batch((a("www", "192.0.2.1"),), (), seen.serial))
    assert server.values(f"www.{ZONE}", "A") == []


async def test_a_mark_is_written_read_replaced_and_taken_away(ours: Rfc2136Server, server: Program) -> None:
    await ours.mark(ZONE, MARK)
    assert server.values(f"_setpoint.{ZONE}", "TXT") == [f'"{MARK.line("zone")}"']
    zone = await ours.read(ZONE)
    assert zone.mark == MARK
    assert (f"_setpoint.{ZONE}", "TXT") not in zone.rrsets
    await ours.mark(ZONE, MARK)
    assert await ours.serial(ZONE) == zone.serial, "a mark that is there already is not written"
    other = Mark("estate-2", Key("prod", "DnsZone", "n" * 250), ZONE)
    await ours.mark(ZONE, other)
    assert (await ours.read(ZONE)).mark == other, "also when it is longer than one string may be"
    await ours.mark(ZONE, None)
    assert (await ours.read(ZONE)).mark is None
    assert server.values(f"_setpoint.{ZONE}", "TXT") == []


async def test_two_marks_are_none(ours: Rfc2136Server, server: Program) -> None:
    await ours.mark(ZONE, MARK)
    second = f'"{Mark("estate-2", MARK.key, ZONE).line("zone")}"'
    assert by_hand(server, lambda update: update.add("_setpoint", 300, "TXT", second)) == "NOERROR"
    assert (await ours.read(ZONE)).mark is None


async def test_the_mark_of_another_zone_came_with_a_copy_and_is_told_as_it_is(
    ours: Rfc2136Server, server: Program
) -> None:
    copied = Mark("estate-1", Key("prod", "DnsZone", "origin.test"), "origin.test.")
    line = f'"{copied.line("zone")}"'
    assert by_hand(server, lambda update: update.add("_setpoint", 300, "TXT", line)) == "NOERROR"
    assert (await ours.read(ZONE)).mark == copied


@pytest.mark.parametrize("wrong", ["put", "drop"])
async def test_the_mark_is_no_record_among_others(ours: Rfc2136Server, wrong: str) -> None:
    one = rrset("_setpoint", "TXT", '"mine"')
    batch = Batch((one,), (), 1) if wrong == "put" else Batch((), (one.id,), 1)
    with pytest.raises(RefusalError, match="_setpoint"):
        await ours.write(ZONE, batch)


async def test_what_an_update_cannot_say_is_refused_with_what_to_do(ours: Rfc2136Server) -> None:
    assert ours.can == Can(0)
    assert await ours.zones() == ()
    await ours.configure(ZONE, {})
    await ours.notify(ZONE)
    for refused in (
        ours.create(ZONE, {}, (), MARK),
        ours.destroy(ZONE),
        ours.sign(ZONE, ""),
        ours.unsign(ZONE),
        ours.configure(ZONE, {"kind": "primary"}),
    ):
        with pytest.raises(RefusalError, match="configuration"):
            await refused
    await ours.close()


async def test_a_server_tells_who_it_is_the_same_after_a_restart(
    ours: Rfc2136Server, server: Program
) -> None:
    identity, version = await ours.identity(), await ours.version()
    assert identity
    assert any(word in version for word in ("Knot DNS", "PowerDNS", "9."))
    server.restart()
    assert await ours.identity() == identity


async def test_it_is_a_zone_server(ours: Rfc2136Server) -> None:
    port: ZoneServer = ours
    assert isinstance(port, Rfc2136Server)


async def test_the_views_of_one_zone_are_two_contents_chosen_by_key(bind_views: Bind) -> None:
    inside, outside = client(bind_views.port, "internal"), client(bind_views.port, "external")
    first = await change(inside, a("www", "10.0.0.1"), a("only-inside", "10.0.0.2"))
    second = await change(outside, a("www", "192.0.2.1"))
    await inside.mark(ZONE, MARK)
    assert first.rrsets[f"www.{ZONE}", "A"].values == ("10.0.0.1",)
    assert second.rrsets[f"www.{ZONE}", "A"].values == ("192.0.2.1",)
    assert (f"only-inside.{ZONE}", "A") not in second.rrsets
    assert ((await inside.read(ZONE)).mark, (await outside.read(ZONE)).mark) == (MARK, None)


async def test_reads_and_writes_of_several_zones_go_side_by_side(start: Start) -> None:
    server = start(Bind(ZONE, "other.test"))
    ours = client(server.port)
    await asyncio.gather(
        change(ours, a("www", "192.0.2.1")), ours.read("other.test."), ours.serial("other.test.")
    )
    assert server.values(f"www.{ZONE}", "A") == ["192.0.2.1"]


async def test_a_server_that_hides_who_it_is_goes_by_where_it_is_asked(start: Start) -> None:
    settings = {"server-id": "disabled", "version-string": "anonymous"}
    server = start(Pdns(settings))
    ours = client(server.port, "")
    assert await ours.identity() == f"127.0.0.1:{server.port}"
    assert await ours.version() == ""
