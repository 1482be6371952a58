"""Every trap of the PowerDNS API that was measured: what the server does with a raw call, and what ours makes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from setpoint.model.errors import ConflictError, RefusalError
from setpoint_dns.content import Batch, RRset
from setpoint_dns.powerdns import forms
from setpoint_dns.powerdns.serials import SELF_RAISING, SILENT
from setpoint_dns.powerdns.server import PowerdnsServer
from setpoint_dns.rdata import MAX_TTL
from tests.rig.waiting import until
from tests.systems.dns.powered import MARK, NS, SOA, ZONE, put, rrset
from tests.systems.dns.servers.knot import KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program

Start = Callable[[Program], Program]


@pytest.fixture
async def server(pdns: Pdns, reached: Callable[..., PowerdnsServer]) -> PowerdnsServer:
    """With our zone."""
    found = reached(pdns.url)
    await found.create(ZONE, {}, (SOA, NS), MARK)
    return found


def change(name: str, rtype: str, *values: str, **more: Any) -> dict[str, Any]:
    records = [{"content": value, "disabled": False} for value in values]
    return {"name": name, "type": rtype, "ttl": 300, "changetype": "REPLACE", "records": records, **more}


def patch(pdns: Pdns, *changes: dict[str, Any]) -> tuple[int, Any]:
    return pdns.api("PATCH", f"/zones/{ZONE}", {"rrsets": list(changes)})


def soa(serial: int) -> RRset:
    fields = SOA.values[0].split()
    return RRset(ZONE, "SOA", 3600, (" ".join((*fields[:2], str(serial), *fields[3:])),))


# What the server refuses, and how it says so


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([change("www.example.test", "A", "192.0.2.1")], "is not canonical"),
        ([change(f"www.{ZONE}", "CNAME", "target.example.test")], "Not in expected format"),
        ([change(ZONE, "MX", "10 mail.example.test")], "Not in expected format"),
        ([change(f"www.{ZONE}", "A", "not-an-address")], "Parsing record content"),
        ([change(f"www.{ZONE}", "TXT", "v=spf1 -all")], "should start with quote"),
        ([change(ZONE, "CAA", "0 issue letsencrypt.org")], "should start with quote"),
        ([change("www.other.test.", "A", "192.0.2.1")], "out of zone"),
        ([change(f"ns1.{ZONE}", "A", "192.0.2.1"), change(f"ns1.{ZONE}", "CNAME", ZONE)], "Conflicts"),
        ([change(f"www.{ZONE}", "A", "192.0.2.1", "192.0.2.1")], "Duplicate record"),
        ([change(f"www.{ZONE}", "A", "192.0.2.1")] * 2, "Duplicate RRset"),
        ([change(f"www.{ZONE}", "BOGUS", "1")], "unknown type"),
        ([change(f"www.{ZONE}", "A", "192.0.2.1", changetype="EXTEND")], "Changetype not understood"),
        ([change(f"www.{ZONE}", "A", "192.0.2.1", changetype="PRUNE")], "Changetype not understood"),
    ],
)
def test_the_server_refuses_with_its_reason(
    pdns: Pdns, server: PowerdnsServer, changes: list[dict[str, Any]], says: str
) -> None:
    status, answer = patch(pdns, *changes)
    assert status == 422
    assert says in answer["error"]


async def test_what_the_server_says_reaches_a_person(server: PowerdnsServer) -> None:
    with pytest.raises(RefusalError, match=r"422: RRset www\.other\.test\. IN A: Name is out of zone"):
        await put(server, RRset("www.other.test.", "A", 300, ("192.0.2.1",)))


async def test_a_cname_beside_others_is_refused_by_the_server(server: PowerdnsServer) -> None:
    await put(server, rrset("www", "A", "192.0.2.1"))
    with pytest.raises(RefusalError, match="Conflicts with pre-existing RRset"):
        await put(server, rrset("www", "CNAME", f"ns1.{ZONE}"))


async def test_one_bad_set_leaves_everything_as_it_was(pdns: Pdns, server: PowerdnsServer) -> None:
    before = await server.read(ZONE)
    with pytest.raises(RefusalError):
        await put(server, rrset("good", "A", "192.0.2.1"), rrset("bad", "A", "zzz"))
    assert await server.read(ZONE) is before
    assert pdns.values(f"good.{ZONE}", "A") == []


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (("PATCH", f"/zones/{ZONE}", b"{"), (400, "Bad Request")),
        (("GET", "/zones/none.test."), (404, "Not Found")),
        (("POST", "/zones", {"name": ZONE, "kind": "Native"}), (409, "Conflict")),
    ],
    ids=["400", "404", "409"],
)
def test_all_refusals_but_422_are_plain_text(
    pdns: Pdns, server: PowerdnsServer, call: tuple[Any, ...], answer: tuple[int, str]
) -> None:
    assert pdns.api(*call) == answer


def test_a_wrong_key_is_answered_with_plain_text(pdns: Pdns) -> None:
    assert pdns.api("GET", "", key="wrong") == (401, "Unauthorized")


# Writes that change nothing


@pytest.mark.parametrize(
    "changes",
    [
        [change(ZONE, "NS", *NS.values, ttl=3600)],
        [{"name": f"absent.{ZONE}", "type": "A", "changetype": "DELETE"}],
        [],
    ],
    ids=["same set again", "absent set", "no set"],
)
async def test_the_server_raises_the_serial_for_nothing(
    pdns: Pdns, server: PowerdnsServer, changes: list[dict[str, Any]]
) -> None:
    before = pdns.serial(ZONE)
    assert patch(pdns, *changes)[0] == 204
    assert pdns.serial(ZONE) == before + 1


async def test_ours_sends_nothing_for_nothing(pdns: Pdns, server: PowerdnsServer) -> None:
    before = pdns.serial(ZONE)
    await put(server)
    assert pdns.serial(ZONE) == before


def test_an_empty_set_is_a_removal(pdns: Pdns, server: PowerdnsServer) -> None:
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    assert pdns.put(ZONE, f"www.{ZONE}", "A")[0] == 204
    assert pdns.values(f"www.{ZONE}", "A") == []


def test_a_call_without_sets_is_refused(pdns: Pdns, server: PowerdnsServer) -> None:
    assert pdns.api("PATCH", f"/zones/{ZONE}", {})[0] == 422


# What is stored is not what was sent


async def test_a_ttl_above_the_limit_becomes_another_so_the_limit_is_ours(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    patch(pdns, change(f"a.{ZONE}", "A", "192.0.2.1", ttl=2**32 - 1))
    assert (await server.read(ZONE)).rrsets[f"a.{ZONE}", "A"].ttl == 2**31
    wanted = rrset("b", "A", "192.0.2.1", ttl=MAX_TTL)
    await put(server, wanted)
    assert (await server.read(ZONE)).rrsets[wanted.id] == wanted


def test_a_zone_without_an_soa_of_its_own_gets_a_misconfigured_one(pdns: Pdns) -> None:
    pdns.add_zone(ZONE)
    assert pdns.values(ZONE, "SOA")[0].startswith("a.misconfigured.dns.server.invalid.")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({"kind": "Bogus"}, "native"), ({"kind": "Primary"}, "primary"), ({"kind": "Secondary"}, "secondary")],
)
async def test_a_kind_is_stored_under_another_name(
    pdns: Pdns, server: PowerdnsServer, sent: dict[str, str], kept: str
) -> None:
    assert pdns.api("PUT", f"/zones/{ZONE}", sent)[0] == 204
    assert (await server.read(ZONE)).settings["kind"] == kept


@pytest.mark.parametrize("field", [{"bogus": 1}, {"name": "other.test."}, {"soa_edit_api": "BOGUS"}])
def test_the_server_takes_any_field(pdns: Pdns, server: PowerdnsServer, field: dict[str, Any]) -> None:
    assert pdns.api("PUT", f"/zones/{ZONE}", field)[0] == 204


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (forms.OWNER, 200),
        ("ALSO-NOTIFY", 200),
        ("ALLOW-AXFR-FROM", 200),
        ("SOA-EDIT-API", 422),
        ("OWNER", 422),
    ],
)
def test_metadata_of_our_own_begin_with_x(pdns: Pdns, server: PowerdnsServer, kind: str, status: int) -> None:
    assert pdns.api("PUT", f"/zones/{ZONE}/metadata/{kind}", {"metadata": ["192.0.2.1"]})[0] == status


# Zones of which another server is the source


@pytest.fixture
def secondary_zone(pdns: Pdns) -> str:
    body = {"name": "copied.test.", "kind": "Slave", "masters": ["127.0.0.1:9"]}
    assert pdns.api("POST", "/zones", body)[0] == 201
    return "copied.test."


def test_the_server_takes_records_for_a_secondary_zone(pdns: Pdns, secondary_zone: str) -> None:
    assert pdns.put(secondary_zone, f"www.{secondary_zone}", "A", "192.0.2.1")[0] == 204


@pytest.mark.parametrize("call", ["write", "mark", "configure", "sign", "unsign", "destroy"])
async def test_ours_writes_nothing_of_a_secondary_zone(
    pdns: Pdns, secondary_zone: str, call: str, reached: Callable[..., PowerdnsServer]
) -> None:
    server = reached(pdns.url)
    before = await server.read(secondary_zone)
    assert before.settings["kind"] == "secondary"
    arguments: dict[str, tuple[Any, ...]] = {
        "write": (Batch((RRset(f"a.{secondary_zone}", "A", 60, ("192.0.2.1",)),), (), before.serial),),
        "mark": (MARK,),
        "configure": ({"kind": "primary"},),
        "sign": ("",),
    }
    with pytest.raises(RefusalError, match="another server is the source"):
        await getattr(server, call)(secondary_zone, *arguments.get(call, ()))
    assert await server.read(secondary_zone) is before


# Serials


def test_the_server_lowers_the_serial_when_an_soa_says_so(pdns: Pdns, server: PowerdnsServer) -> None:
    patch(pdns, change(ZONE, "SOA", *soa(2_100_000_000).values))
    patch(pdns, change(ZONE, "SOA", *soa(0).values))
    assert pdns.serial(ZONE) < 2_100_000_000


@pytest.mark.parametrize("wanted", [0, 1, 2_100_000_000, 2_147_000_000])
@pytest.mark.parametrize("how", sorted((SELF_RAISING | SILENT) - {"EPOCH"}))
async def test_ours_never_lowers_it(pdns: Pdns, server: PowerdnsServer, how: str, wanted: int) -> None:
    await server.configure(ZONE, {"soaEditApi": how})
    patch(pdns, change(ZONE, "SOA", *soa(2_100_000_000).values))
    before = pdns.serial(ZONE)
    await put(server, soa(wanted))
    assert pdns.serial(ZONE) > before
    assert pdns.serial(ZONE) >= wanted


@pytest.mark.parametrize("how", sorted(SELF_RAISING | SILENT))
async def test_every_write_raises_the_serial_however_the_zone_is_set(
    pdns: Pdns, server: PowerdnsServer, how: str
) -> None:
    patch(pdns, change(ZONE, "SOA", *soa(7).values))
    pdns.api("PUT", f"/zones/{ZONE}", {"soa_edit_api": "SOA-EDIT"})
    patch(pdns, change(ZONE, "SOA", *soa(7).values))
    await server.configure(ZONE, {"soaEditApi": how})
    for number in range(3):
        before = pdns.serial(ZONE)
        await put(server, rrset("www", "A", f"192.0.2.{number}"))
        assert pdns.serial(ZONE) > before


@pytest.mark.parametrize("how", sorted(SILENT))
def test_some_settings_make_the_server_raise_no_serial(pdns: Pdns, server: PowerdnsServer, how: str) -> None:
    pdns.api("PUT", f"/zones/{ZONE}", {"soa_edit_api": how})
    before = pdns.serial(ZONE)
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    assert (pdns.serial(ZONE), pdns.values(f"www.{ZONE}", "A")) == (before, ["192.0.2.1"])


def test_the_time_as_serial_is_lower_than_a_date(pdns: Pdns, server: PowerdnsServer) -> None:
    before = pdns.serial(ZONE)
    pdns.api("PUT", f"/zones/{ZONE}", {"soa_edit_api": "EPOCH"})
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    assert pdns.serial(ZONE) < before


async def test_ours_does_not_switch_to_a_lower_serial(pdns: Pdns, server: PowerdnsServer) -> None:
    before = await server.read(ZONE)
    with pytest.raises(RefusalError, match="would be lowered"):
        await server.configure(ZONE, {"soaEditApi": "EPOCH"})
    assert await server.read(ZONE) is before


@pytest.mark.parametrize("call", ["write", "sign", "unsign"])
async def test_ours_writes_nothing_where_somebody_else_switched(
    pdns: Pdns, server: PowerdnsServer, call: str
) -> None:
    pdns.api("PUT", f"/zones/{ZONE}", {"soa_edit_api": "EPOCH"})
    before = await server.read(ZONE)
    arguments: dict[str, tuple[Any, ...]] = {
        "write": (Batch((rrset("www", "A", "192.0.2.1"),), (), before.serial),),
        "sign": ("",),
    }
    with pytest.raises(RefusalError, match="would lower the serial"):
        await getattr(server, call)(ZONE, *arguments.get(call, ()))
    assert await server.read(ZONE) is before


async def test_a_lower_serial_leaves_a_secondary_behind_for_good_and_ours_brings_it_back(
    pdns: Pdns, server: PowerdnsServer, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns)
    await server.configure(ZONE, {"kind": "primary", "alsoNotify": [f"127.0.0.1:{secondary.port}"]})
    patch(pdns, change(ZONE, "SOA", *soa(2_100_000_000).values))
    await server.notify(ZONE)
    until(lambda: secondary.serial(ZONE) == pdns.serial(ZONE), lambda: secondary.log)
    high = pdns.serial(ZONE)
    patch(pdns, change(ZONE, "SOA", *soa(0).values), change(f"www.{ZONE}", "A", "192.0.2.1"))
    await server.notify(ZONE)
    until(lambda: "not usable" in secondary.log or "is up-to-date" in secondary.log, lambda: secondary.log)
    assert (secondary.serial(ZONE), secondary.values(f"www.{ZONE}", "A")) == (high, [])
    await put(server, soa(high))
    await server.notify(ZONE)
    until(lambda: secondary.values(f"www.{ZONE}", "A") == ["192.0.2.1"], lambda: secondary.log)


# Signing


def test_the_server_destroys_keys_without_a_question(pdns: Pdns, server: PowerdnsServer) -> None:
    pdns.api("PUT", f"/zones/{ZONE}", {"dnssec": True})
    assert len(pdns.api("GET", f"/zones/{ZONE}/cryptokeys")[1]) == 1
    assert pdns.api("PUT", f"/zones/{ZONE}", {"dnssec": False})[0] == 204
    assert pdns.api("GET", f"/zones/{ZONE}/cryptokeys")[1] == []


def test_the_server_is_half_done_when_it_refuses_nsec3_parameters(pdns: Pdns, server: PowerdnsServer) -> None:
    status, _ = pdns.api("PUT", f"/zones/{ZONE}", {"dnssec": True, "nsec3param": "1 0 500 -"})
    assert status == 422
    assert pdns.api("GET", f"/zones/{ZONE}?rrsets=false")[1]["dnssec"] is True


async def test_no_other_setting_ends_signing(pdns: Pdns, server: PowerdnsServer) -> None:
    await server.sign(ZONE, "1 0 0 -")
    before = (await server.read(ZONE)).signing
    await server.configure(ZONE, {"kind": "primary", "soaEditApi": "INCREASE", "alsoNotify": ["192.0.2.1"]})
    await server.mark(ZONE, MARK)
    await put(server, rrset("www", "A", "192.0.2.1"))
    assert (await server.read(ZONE)).signing == before


# Notify


async def test_a_change_alone_tells_no_secondary(
    pdns: Pdns, server: PowerdnsServer, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns)
    await server.configure(ZONE, {"kind": "primary", "alsoNotify": [f"127.0.0.1:{secondary.port}"]})
    await server.notify(ZONE)
    until(lambda: secondary.serial(ZONE) == pdns.serial(ZONE), lambda: secondary.log)
    for number in range(3):  # Its own look at all zones, once a minute, may fall into the first.
        await put(server, rrset("www", "A", f"192.0.2.{number}"))
        end = time.monotonic() + 1  # An explicit notify takes less.
        while (late := secondary.serial(ZONE) != pdns.serial(ZONE)) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        if late:
            break
    assert late
    await server.notify(ZONE)
    until(lambda: secondary.serial(ZONE) == pdns.serial(ZONE), lambda: secondary.log)


def test_the_server_says_that_it_told_somebody_when_there_is_nobody(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    assert pdns.api("PUT", f"/zones/{ZONE}/notify") == (200, {"result": "Notification queued"})


# Size


async def test_ten_thousand_records_go_in_one_transaction(pdns: Pdns, server: PowerdnsServer) -> None:
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(10_000))
    before = (await server.read(ZONE)).serial
    await put(server, *many)
    zone = await server.read(ZONE)
    assert zone.serial == before + 1
    assert len(zone.rrsets) == 10_002


async def test_more_than_a_call_may_hold_goes_in_several(pdns: Pdns, server: PowerdnsServer) -> None:
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(20_000))
    raw = [forms.to_put(one) for one in many]
    assert patch(pdns, *raw) == (400, "Bad Request")
    before = (await server.read(ZONE)).serial
    await put(server, *many)
    zone = await server.read(ZONE)
    assert zone.serial == before + 2
    assert len(zone.rrsets) == 20_002


async def test_a_zone_that_is_larger_than_a_call_is_made_with_its_mark(
    start: Start, reached: Callable[..., PowerdnsServer]
) -> None:
    pdns = Pdns()
    start(pdns)
    server = reached(pdns.url)
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(20_000))
    await server.create(ZONE, {}, (*many, SOA, NS), MARK)
    zone = await server.read(ZONE)
    assert (zone.mark, len(zone.rrsets)) == (MARK, 20_002)


async def test_the_limit_of_a_call_is_learnt_from_the_server(
    start: Start, reached: Callable[..., PowerdnsServer]
) -> None:
    pdns = Pdns({"webserver-max-bodysize": "1"})
    start(pdns)
    server = reached(pdns.url)
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(10_000))
    await server.create(ZONE, {}, (SOA, NS), MARK)
    before = await server.read(ZONE)
    await server.write(ZONE, Batch(many, (), before.serial))
    zone = await server.read(ZONE)
    assert (zone.serial, len(zone.rrsets)) == (before.serial + 2, 10_002)


async def test_one_name_that_is_larger_than_a_call_is_refused_with_the_setting_to_raise(
    start: Start, reached: Callable[..., PowerdnsServer]
) -> None:
    pdns = Pdns({"webserver-max-bodysize": "1"})
    start(pdns)
    server = reached(pdns.url)
    await server.create(ZONE, {}, (SOA, NS), MARK)
    long = tuple(" ".join([f'"{number:0>250}"'] * 200) for number in range(30))
    before = await server.read(ZONE)
    with pytest.raises(RefusalError, match="raise webserver-max-bodysize"):
        await put(server, rrset("www", "A", "192.0.2.1"), rrset("long", "TXT", *long))
    assert await server.read(ZONE) is before


async def test_a_conflict_stops_what_goes_in_several_before_anything_is_done(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    many = tuple(rrset(f"host-{i}", "A", f"10.0.{i >> 8}.{i & 255}") for i in range(20_000))
    zone = await server.read(ZONE)
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.1")
    with pytest.raises(ConflictError):
        await server.write(ZONE, Batch(many, (), zone.serial))
    assert len((await server.read(ZONE)).rrsets) == 3
