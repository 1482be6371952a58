"""Zones in a state that somebody else brought about, by the real daemon: what is done, and what a person is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rig.waiting import until
from tests.systems.dns.living import NAME, ZONE, alive, powerdns, rfc2136, zone
from tests.systems.dns.servers.knot import Knot, KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.proxy import Proxy
from tests.systems.dns.updating import Start
from tests.systems.dns.ways import API, TAKEN, Way

WWW = {"www": {"A": "192.0.2.1"}}


@pytest.fixture
def way(start: Start, proxied: Callable[[int], Proxy]) -> Way:
    """PowerDNS by its API."""
    return Way.begin(API, start, proxied)


def records(pdns: Pdns, name: str) -> set[tuple[str, bool]]:
    """The addresses of a name, and whether each is switched off."""
    _, found = pdns.api("GET", f"/zones/{ZONE}.")
    sets = (rrset for rrset in found["rrsets"] if (rrset["name"], rrset["type"]) == (f"{name}.{ZONE}.", "A"))
    return {(one["content"], one["disabled"]) for rrset in sets for one in rrset["records"]}


async def test_a_value_that_is_switched_off_beside_others_is_shown_and_kept(
    pdns: Pdns, tmp_path: Path
) -> None:
    files = {"server": powerdns(pdns, tmp_path), "zone": zone({**WWW, "b": {"A": "192.0.2.2"}})}
    async with alive(tmp_path, files) as life:
        await life.settle()
        for name, served in (("www", "192.0.2.1"), ("b", "192.0.2.2")):
            both = [{"content": served, "disabled": False}, {"content": "192.0.2.99", "disabled": True}]
            rrset = {
                "name": f"{name}.{ZONE}.",
                "type": "A",
                "ttl": 3600,
                "changetype": "REPLACE",
                "records": both,
            }
            assert pdns.api("PATCH", f"/zones/{ZONE}.", {"rrsets": [rrset]})[0] == 204
        await life.look_again()
        told = "192.0.2.99 is disabled on the server"
        detail: Any = life.status().detail
        assert life.outcome() == "Done"
        assert detail["leftAlone"] == {"count": 2, "first": [f"b A: {told}", f"www A: {told}"]}

        await life.declare(zone=zone({"www": {"A": "192.0.2.3"}}))
        assert life.outcome() == "Done"
        assert records(pdns, "www") == {("192.0.2.3", False), ("192.0.2.99", True)}
        assert records(pdns, "b") == {("192.0.2.99", True)}
        await life.declare(zone=zone({"www": {"A": "192.0.2.99"}}))
        assert (life.outcome(), records(pdns, "www")) == ("Done", {("192.0.2.99", False)})


@pytest.mark.parametrize("policy", [{}, TAKEN["policy"]], ids=["not adopted", "to be adopted"])
async def test_a_secondary_zone_is_refused_and_never_written(
    way: Way, tmp_path: Path, policy: dict[str, Any]
) -> None:
    assert isinstance(way.server, Pdns)
    way.server.api("PUT", f"/zones/{ZONE}.", {"kind": "Slave", "masters": ["127.0.0.1:9"]})
    async with alive(tmp_path, way.files(tmp_path, WWW, policy=policy, settings={"kind": "primary"})) as life:
        await life.until(lambda: life.estate.store.status(life.key(NAME)) is not None)
        assert (life.outcome(), life.rules(), way.written()) == ("Failed", [], 0)
        assert "another server is its source" in life.sentence()
        assert "server that is its primary" in life.sentence()


async def test_one_of_ours_that_became_a_secondary_is_not_written_any_more(way: Way, tmp_path: Path) -> None:
    assert isinstance(way.server, Pdns)
    async with alive(tmp_path, way.files(tmp_path, WWW)) as life:
        await life.settle()
        way.server.api("PUT", f"/zones/{ZONE}.", {"kind": "Slave", "masters": ["127.0.0.1:9"]})
        way.proxy.requests[:] = []
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}, **TAKEN))
        await life.until(lambda: life.outcome() == "Failed")
        assert (way.written(), way.values("www")) == (0, ["192.0.2.1"])


async def test_a_secondary_that_is_ahead_is_told_until_the_serial_is_above_its_own(
    pdns: Pdns, knot_secondary: Callable[..., KnotSecondary], tmp_path: Path
) -> None:
    secondary = knot_secondary(pdns)
    told = f"127.0.0.1:{secondary.port}"
    own: dict[str, Any] = {"settings": {"kind": "primary", "alsoNotify": [told]}, "secondaries": [told]}
    files = {"server": powerdns(pdns, tmp_path), "zone": zone(WWW, **own)}

    def set_serial(serial: int) -> None:
        fields = pdns.values(ZONE, "SOA")[0].split()
        assert (
            pdns.put(ZONE, ZONE, "SOA", " ".join((*fields[:2], str(serial), *fields[3:])), ttl=3600)[0] == 204
        )
        assert pdns.api("PUT", f"/zones/{ZONE}./notify")[0] == 200

    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        first = secondary.serial(ZONE)
        set_serial(first + 10)
        until(lambda: secondary.serial(ZONE) > first, lambda: secondary.log)
        before = secondary.serial(ZONE)
        set_serial(1)
    async with alive(tmp_path, files) as life:
        await life.until(lambda: "SecondaryAhead" in life.reasons())
        assert life.outcome() == "Wait", "and not in sync"
        assert any(f"serial {before}, which is above" in one.message for one in life.status().conditions)
        set_serial(before + 10)
        until(lambda: secondary.serial(ZONE) > before, lambda: secondary.log)
        await life.look_again()
        await life.settle()
        assert (life.outcome(), "SecondaryAhead" in life.reasons()) == ("Done", False)


async def test_each_view_on_a_server_of_its_own_is_switched_in_one_line(
    pdns: Pdns, knot: Knot, tmp_path: Path
) -> None:
    def declared(view: str) -> dict[str, str]:
        both = {"www": {"A": "192.0.2.1"}, "wiki": {"A": {"values": "10.0.0.2", "views": [view]}}}
        inside = zone(both, target="inside", name=f"{ZONE}!internal", **TAKEN)
        return {"default": zone(both), "internal": inside}

    files = {"ns1": powerdns(pdns, tmp_path), "inside": rfc2136(knot, tmp_path, name="inside")}
    async with alive(tmp_path, {**files, **declared("internal")}) as life:
        await life.settle()
        assert life.outcome() == life.outcome(f"{NAME}!internal") == "Done"
        assert (pdns.values(f"wiki.{ZONE}", "A"), knot.values(f"wiki.{ZONE}", "A")) == ([], ["10.0.0.2"])
        await life.declare(**declared("default"))
        assert (pdns.values(f"wiki.{ZONE}", "A"), knot.values(f"wiki.{ZONE}", "A")) == (["10.0.0.2"], [])
        assert pdns.values(f"www.{ZONE}", "A") == knot.values(f"www.{ZONE}", "A") == ["192.0.2.1"]


REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "powerdns": ({"odd": {"WALLET": "BTC 1abc"}}, [], "WALLET"),
    "pdns": ({"odd": {"WALLET": "BTC 1abc"}}, [], "FORMERR"),
    "bind": ({"odd": {"MX": f"10 nowhere.{ZONE}."}}, ["target-missing"], "REFUSED"),
}
"""By the way: what its server refuses, the rules that let it pass here, and what the server says."""


@pytest.mark.parametrize("name", REFUSED)
async def test_of_a_batch_with_one_set_that_the_server_refuses_nothing_is_done(
    name: str, start: Start, proxied: Callable[[int], Proxy], tmp_path: Path
) -> None:
    way = Way.begin(name, start, proxied)
    odd, accept, told = REFUSED[name]
    async with alive(tmp_path, way.files(tmp_path, WWW)) as life:
        await life.settle()
        before = way.server.serial(ZONE)
        wanted = {"www": {"A": "192.0.2.2"}, "new": {"A": "192.0.2.3"}, **odd}
        await life.submit(zone=zone(wanted, **TAKEN, accept=accept))
        assert not life.estate.problems, life.estate.problems
        await life.until(lambda: life.outcome() == "Failed")
        assert told in life.sentence()
        assert (way.values("www"), way.values("new"), way.server.serial(ZONE)) == (["192.0.2.1"], [], before)
