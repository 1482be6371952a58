"""What holds on every make of server and by every way to write on it, by the real daemon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.systems.dns.living import NAME, ZONE, alive, rfc2136, zone
from tests.systems.dns.servers.program import PATIENCE
from tests.systems.dns.servers.proxy import How, Proxy
from tests.systems.dns.updating import MAKES, Start, signed
from tests.systems.dns.ways import API, TAKEN, WAYS, Way

WRITERS, CHANGES = 10, 3
RECORDS = {"www": {"A": "192.0.2.1"}, "b": {"A": "192.0.2.2"}, "t": {"TXT": "text"}}
SERVER = "DnsServer/ns1"
MARK = '"setpoint: home default/DnsZone/example.test zone=example.test."'
ODD = {
    "TLSA": ("3 1 1 abcd", "\\# 5 030101abcd"),
    "SSHFP": ("4 2 abcd", "\\# 4 0402abcd"),
    "DS": ("1 8 2 abcd", "\\# 6 00010802abcd"),
}
"""Data that no record of the type has, for the hashes are too short: as text, and as bytes."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, start: Start, proxied: Callable[[int], Proxy]) -> Way:
    return Way.begin(str(request.param), start, proxied)


only = pytest.mark.parametrize
by_updates = only("way", MAKES, indirect=True)


async def test_a_zone_is_taken_changed_in_one_write_and_kept(way: Way, tmp_path: Path) -> None:
    async with alive(tmp_path, way.files(tmp_path, RECORDS)) as life:
        await life.settle()
        assert life.outcome() == "Done"
        if way.name != API:
            assert way.values("_setpoint", "TXT") == [MARK]
        way.proxy.requests[:] = []
        before = way.server.serial(ZONE)
        await life.declare(
            zone=zone({"www": {"CNAME": "b"}, "b": {"A": "192.0.2.3"}, "n": {"A": "192.0.2.4"}}, **TAKEN)
        )
        assert (life.outcome(), way.written()) == ("Done", 1), (
            "a type swap, a change, an addition and a removal"
        )
        assert way.values("www", "CNAME") == [f"b.{ZONE}."]
        assert (way.values("b"), way.values("n"), way.values("t", "TXT")) == (
            ["192.0.2.3"],
            ["192.0.2.4"],
            [],
        )
        assert way.server.serial(ZONE) > before
        await life.look_again()
        assert (life.outcome(), way.written()) == ("Done", 1), "and no write where nothing differs"


def _named(name: str, *, formerly: str = "", **spec: Any) -> str:
    """A declaration of a zone by the name of its resource, unless `zone` says otherwise."""
    declared = json.loads(zone(RECORDS, name=name, **TAKEN, **spec))
    if formerly:
        declared["metadata"]["formerly"] = formerly
    return json.dumps(declared)


@only(
    ("before", "after"),
    [
        (_named("shop.test", zone=ZONE), _named("shop.test", zone="b.test")),
        (_named("shop.test", zone=ZONE), _named("shop.test")),
        (_named(ZONE), _named("shop.test", formerly=ZONE)),
    ],
    ids=["another zone", "the zone of its name", "another name"],
)
async def test_a_declaration_of_another_zone_is_held_as_long_as_its_own_is_there(
    way: Way, tmp_path: Path, before: str, after: str
) -> None:
    async with alive(tmp_path, {"server": way.declared(tmp_path), "zone": before}) as life:
        await life.settle()
        way.proxy.requests[:] = []
        await life.declare(zone=after)
        assert life.rules("DnsZone/shop.test") == ["Identity"]
        assert f"is {ZONE}., and" in life.sentence("DnsZone/shop.test")
        assert (way.written(), way.values("www")) == (0, ["192.0.2.1"])
        kept = json.loads(after)
        kept["spec"]["zone"] = ZONE
        await life.declare(zone=json.dumps(kept))
        assert life.outcome("DnsZone/shop.test") == "Done"


async def test_what_was_made_by_hand_goes_even_if_it_is_none_of_its_type(way: Way, tmp_path: Path) -> None:
    async with alive(tmp_path, way.files(tmp_path, RECORDS)) as life:
        await life.settle()
        way.put("www", "A", "192.0.2.66")
        way.put("b", "A")
        way.put("rogue", "A", "192.0.2.67")
        way.put("odd", "NS", "ns.example.net.")
        there = [rtype for rtype, data in ODD.items() if way.try_put("odd", rtype, data[way.name != API])]
        assert there == (["TLSA"] if way.name == "bind" else [*ODD])
        await life.look_again()
        await life.settle()
        assert life.outcome() == "Done", life.sentence()
        assert (way.values("www"), way.values("b"), way.values("rogue")) == (["192.0.2.1"], ["192.0.2.2"], [])
        assert "odd" not in str(life.status().detail)


async def test_an_soa_changes_by_consent_and_keeps_its_ttl_of_which_nothing_is_declared(
    way: Way, tmp_path: Path
) -> None:
    async with alive(tmp_path, way.files(tmp_path, RECORDS)) as life:
        await life.settle()
        serial, ttl = way.server.serial(ZONE), way.soa_ttl()
        await life.declare(zone=zone(RECORDS, **TAKEN, ttl=600, soa={"contact": "anna@example.net"}))
        assert life.rules() == ["Consent"]
        await life.approve()
        assert life.outcome() == "Done", life.sentence()
        assert way.server.values(ZONE, "SOA")[0].split()[1] == "anna.example.net."
        assert (way.server.serial(ZONE) > serial, way.soa_ttl()) == (True, ttl)


async def test_ten_who_write_by_hand_meanwhile_lose_nothing_and_ours_is_as_declared(
    way: Way, tmp_path: Path
) -> None:
    spec = {**TAKEN, "ownership": "records"}

    def write(who: int) -> None:
        for number in range(CHANGES):
            way.put(f"hand{who}-{number}", "A", f"192.0.2.{100 + who}")

    async with alive(tmp_path, way.files(tmp_path, RECORDS, **spec)) as life:
        await life.settle()
        writers = asyncio.gather(*(asyncio.to_thread(write, who) for who in range(WRITERS)))
        for last in range(10, 10 + CHANGES):
            changed = {**RECORDS, "www": {"A": f"192.0.2.{last}"}, f"n{last}": {"A": "192.0.2.9"}}
            await life.submit(zone=zone(changed, **spec))
            await asyncio.sleep(0.1)
        await writers
        await life.look_again()
        await life.until(lambda: life.outcome() == "Done" and way.values("www") == [f"192.0.2.{last}"])
        await life.settle()
        assert way.values(f"n{last}") == ["192.0.2.9"]
        told = {way.values(f"hand{who}-{number}")[0] for who in range(WRITERS) for number in range(CHANGES)}
        assert told == {f"192.0.2.{100 + who}" for who in range(WRITERS)}


async def test_a_server_that_takes_no_changes_is_never_in_sync_and_says_why(way: Way, tmp_path: Path) -> None:
    async with alive(tmp_path, way.files(tmp_path, RECORDS)) as life:
        await life.settle()
        before = way.server.serial(ZONE)
        way.refuse_writes(refuse=True)
        await life.submit(zone=zone({**RECORDS, "www": {"A": "192.0.2.9"}}, **TAKEN))
        await life.until(lambda: life.outcome() in {"Failed", "Wait"})
        told = "500" if way.name == API else "update-policy"
        assert told in life.sentence(), life.sentence()
        assert (way.values("www"), way.server.serial(ZONE)) == (["192.0.2.1"], before)
        way.refuse_writes(refuse=False)
        await life.much_later()
        assert (life.outcome(), way.values("www")) == ("Done", ["192.0.2.9"]), life.sentence()


async def test_when_ours_is_killed_between_a_write_and_its_reply_the_next_life_finds_it(
    way: Way, tmp_path: Path
) -> None:
    async with alive(tmp_path, way.files(tmp_path, RECORDS)) as life:
        await life.settle()
    files = way.files(tmp_path, {**RECORDS, "www": {"A": "192.0.2.9"}})
    (tmp_path / "files.json").write_text(json.dumps(files))
    ours = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.systems.dns.living", str(tmp_path)
    )
    way.proxy.fail(How.LOSE, way.writes, then=lambda: os.kill(ours.pid, signal.SIGKILL))
    async with asyncio.timeout(PATIENCE):
        assert await ours.wait() == -signal.SIGKILL
    assert (way.proxy.strikes, way.values("www")) == (1, ["192.0.2.9"])
    way.proxy.requests[:] = []
    async with alive(tmp_path, files) as life:
        await life.begin_anew()
        await life.much_later()
        assert (life.outcome(), way.written()) == ("Done", 0), life.sentence()


@by_updates
async def test_a_wrong_key_is_told_by_the_server_and_its_zones_wait_for_it(way: Way, tmp_path: Path) -> None:
    wrong = rfc2136(way.server, tmp_path, text="AAAA")
    files = {**way.files(tmp_path, RECORDS), "server": wrong, "other": zone(name="other.test", **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        if way.name == "knot":  # It looks at signatures only where it has the zone, so one was read before.
            await life.look_again()
        await life.until(lambda: "TargetDown" in life.reasons(SERVER) and life.outcome() == "Blocked")
        assert "secret" in life.sentence(SERVER)
        assert SERVER in life.sentence()
        assert way.values("www") == []
        await life.submit(server=way.declared(tmp_path), other=None)
        await life.until(lambda: life.outcome() == "Done")
        await life.settle()
        assert "TargetDown" not in life.reasons(SERVER)


@only("make", MAKES)
async def test_a_zone_that_its_server_signs_is_kept_and_its_ds_are_told(
    make: str, start: Start, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(signed, make, start)
    own: dict[str, Any] = {**TAKEN, "dnssec": {"enabled": True}}
    async with alive(tmp_path, {"server": rfc2136(server, tmp_path), "zone": zone(RECORDS, **own)}) as life:
        await life.settle()
        assert (life.outcome(), server.values(f"www.{ZONE}", "A")) == ("Done", ["192.0.2.1"]), life.sentence()
        ds = (life.status().outputs or {})["ds"]
        assert isinstance(ds, list)
        assert [str(one).split()[2] for one in ds] == ["2"]
        await life.declare(zone=zone(RECORDS, **{**own, "dnssec": {"enabled": False}}))
        assert life.rules(NAME) == ["Impossible"]
        assert "cannot be told over the wire" in life.sentence()
        assert server.values(ZONE, "DNSKEY")
