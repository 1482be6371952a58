"""Zones on a real PowerDNS, by the real daemon: made, changed, kept, and held."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.rig.living import Life, manifest
from tests.systems.dns.living import NAME, NAMESERVERS, ZONE, alive, powerdns, zone
from tests.systems.dns.servers.knot import KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.proxy import How, Proxy, http_write

WWW = {"www": {"A": "192.0.2.1"}}
TEN = {f"h{number}": {"A": f"192.0.2.{number}"} for number in range(10, 22)}
ADOPT = {"adopt": True, "drift": "enforce"}
Begin = Callable[..., AbstractAsyncContextManager[Life]]


@pytest.fixture
def proxy(pdns: Pdns, proxied: Callable[[int], Proxy]) -> Proxy:
    """Before the API; it counts what is written."""
    return proxied(pdns.api_port)


@pytest.fixture
def begin(proxy: Proxy, pdns: Pdns, tmp_path: Path) -> Begin:
    """A life of the daemon over PowerDNS and the zone declared so."""

    def living(server: dict[str, Any] | None = None, **spec: Any) -> AbstractAsyncContextManager[Life]:
        files = {"server": powerdns(pdns, tmp_path, url=proxy.url, **(server or {})), "zone": zone(**spec)}
        return alive(tmp_path, files)

    return living


def writes(proxy: Proxy) -> list[str]:
    """The method of every request that changes something."""
    return [start.split(b" ", 1)[0].decode() for start in proxy.requests if http_write(start)]


async def test_a_zone_is_made_with_its_records_and_our_mark(begin: Begin, pdns: Pdns) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        assert life.outcome() == "Done"
        assert pdns.values("www.example.test", "A") == ["192.0.2.1"]
        assert pdns.values(ZONE, "NS") == NAMESERVERS
        assert pdns.values(ZONE, "SOA")[0].split()[:2] == ["ns1.example.net.", "hostmaster.example.test."]
        _, metadata = pdns.api("GET", f"/zones/{ZONE}./metadata/X-SETPOINT-OWNER")
        assert metadata["metadata"] == ["setpoint: home default/DnsZone/example.test zone=example.test."]
        assert life.steps() == ["create zone example.test. with 2 record sets"]
        assert (life.status().detail or {})["records"] == 2


async def test_all_that_differs_is_one_write_and_named(begin: Begin, pdns: Pdns, proxy: Proxy) -> None:
    start = {**WWW, "old": {"TXT": "to go"}, "mail": {"MX": "10 mx.example.net."}}
    async with begin(records=start) as life:
        await life.settle()
        before, proxy.requests[:] = pdns.serial(ZONE), []
        changed = {
            "www": {"A": "192.0.2.1"},
            "mail": {"MX": "20 mx.example.net."},
            "new": {"AAAA": "2001:DB8:0::1"},
        }
        await life.declare(zone=zone(changed))
        assert life.outcome() == "Done"
        assert writes(proxy) == ["PATCH"]
        expected = "change 3 record sets of example.test.: add new AAAA, change mail MX, remove old TXT"
        assert life.steps()[-1] == expected
        assert pdns.values("new.example.test", "AAAA") == ["2001:db8::1"]
        assert pdns.values("old.example.test", "TXT") == []
        assert pdns.serial(ZONE) > before


async def test_a_name_changes_its_type_in_one_write(begin: Begin, pdns: Pdns, proxy: Proxy) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        proxy.requests[:] = []
        await life.declare(zone=zone({"www": {"CNAME": "web.example.net."}}))
        assert life.outcome() == "Done"
        assert pdns.values("www.example.test", "CNAME") == ["web.example.net."]
        assert writes(proxy) == ["PATCH"]


async def test_nothing_is_written_when_nothing_differs(begin: Begin, pdns: Pdns, proxy: Proxy) -> None:
    texts = {
        "t": {"TXT": ["v=spf1 -all", "x" * 300]},
        "c": {"CAA": "0 issue ca.example.net"},
        "UP": {"A": "192.0.2.9"},
    }
    async with begin(records={**WWW, **texts}, ttl=300) as life:
        await life.settle()
        before, proxy.requests[:] = pdns.serial(ZONE), []
        for _ in range(3):
            await life.look_again()
        assert life.outcome() == "Done"
        assert (writes(proxy), pdns.serial(ZONE)) == ([], before)


@pytest.mark.parametrize(
    ("name", "rtype", "values"),
    [
        pytest.param("www", "A", ["192.0.2.66"], id="another value"),
        pytest.param("www", "A", [], id="removed"),
        pytest.param("rogue", "A", ["192.0.2.66"], id="added"),
    ],
)
async def test_what_somebody_changed_by_hand_is_brought_back(
    begin: Begin, pdns: Pdns, name: str, rtype: str, values: list[str]
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        pdns.put(ZONE, f"{name}.{ZONE}", rtype, *values)
        await life.look_again()
        await life.settle()
        assert life.outcome() == "Done"
        assert pdns.values("www.example.test", "A") == ["192.0.2.1"]
        assert pdns.values("rogue.example.test", "A") == []


async def test_what_is_ignored_or_not_known_here_is_left_alone_and_shown(begin: Begin, pdns: Pdns) -> None:
    async with begin(records=WWW, ignore=[{"name": "_acme-challenge*", "types": ["TXT"]}]) as life:
        await life.settle()
        pdns.put(ZONE, f"_acme-challenge.www.{ZONE}", "TXT", '"token"')
        pdns.put(ZONE, f"bytes.{ZONE}", "ADDR", "\\# 1 00")
        pdns.put(ZONE, f"odd.{ZONE}", "TYPE65280", "\\# 2 0102")
        await life.look_again()
        await life.settle()
        left = (life.status().detail or {})["leftAlone"]
        assert left == {
            "count": 2,
            "first": ["_acme-challenge.www TXT: ignored", "bytes ADDR: of a type that is not known here"],
        }
        assert pdns.values(f"_acme-challenge.www.{ZONE}", "TXT") == ['"token"']
        assert pdns.values(f"odd.{ZONE}", "TYPE65280") == []


async def test_with_ownership_of_records_only_what_was_applied_is_removed(begin: Begin, pdns: Pdns) -> None:
    pdns.add_zone(ZONE)
    pdns.put(ZONE, f"theirs.{ZONE}", "A", "192.0.2.77")
    spec: dict[str, Any] = {"ownership": "records", "nameservers": None, "policy": ADOPT}
    async with begin(records={**WWW, "b": {"A": "192.0.2.2"}}, **spec) as life:
        await life.settle()
        assert life.outcome() == "Done"
        await life.declare(zone=zone(WWW, **spec))
        assert pdns.values(f"b.{ZONE}", "A") == []
        assert pdns.values(f"theirs.{ZONE}", "A") == ["192.0.2.77"]
        assert (life.status().detail or {})["leftAlone"]["count"] == 2


@pytest.mark.parametrize("adopt", [False, True])
async def test_a_zone_of_somebody_else_is_written_only_when_it_is_to_be_adopted(
    begin: Begin, pdns: Pdns, *, adopt: bool
) -> None:
    pdns.add_zone(ZONE)
    pdns.put(ZONE, f"theirs.{ZONE}", "A", "192.0.2.77")
    async with begin(records=WWW, nameservers=None, policy=ADOPT if adopt else {}) as life:
        await life.settle()
        assert life.rules() == ([] if adopt else ["Exists"])
        assert pdns.values(f"theirs.{ZONE}", "A") == ([] if adopt else ["192.0.2.77"])
        assert pdns.values("www.example.test", "A") == (["192.0.2.1"] if adopt else [])


async def test_a_mass_deletion_waits_for_a_person(begin: Begin, pdns: Pdns, proxy: Proxy) -> None:
    async with begin(records=TEN) as life:
        await life.settle()
        proxy.requests[:] = []
        await life.declare(zone=zone({"h10": TEN["h10"]}))
        assert life.rules() == ["Consent"]
        assert "11 of 13 record sets of example.test. would be 11 removed and 0 changed" in life.sentence()
        assert (writes(proxy), pdns.values(f"h11.{ZONE}", "A")) == ([], ["192.0.2.11"])
        await life.approve()
        assert life.outcome() == "Done"
        assert pdns.values(f"h11.{ZONE}", "A") == []


@pytest.mark.parametrize(
    ("count", "held"), [pytest.param(3, False, id="23 %"), pytest.param(4, True, id="31 %")]
)
async def test_up_to_thirty_percent_pass(begin: Begin, count: int, *, held: bool) -> None:
    async with begin(records=TEN) as life:
        await life.settle()
        changed = {name: {"A": "192.0.2.99"} for name in list(TEN)[:count]}
        await life.declare(zone=zone({**TEN, **changed}))
        assert life.rules() == (["Consent"] if held else [])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param({"nameservers": ["ns9.example.net."]}, "nameservers of example.test. itself", id="NS"),
        pytest.param({"soa": {"contact": "anna@example.net"}}, "start of authority (SOA)", id="SOA"),
    ],
)
async def test_the_zones_own_nameservers_and_soa_change_only_by_consent(
    begin: Begin, pdns: Pdns, spec: dict[str, Any], told: str
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        before = pdns.serial(ZONE)
        await life.declare(zone=zone(WWW, **spec))
        assert life.rules() == ["Consent"]
        assert told in life.sentence()
        await life.approve()
        assert life.outcome() == "Done"
        assert pdns.serial(ZONE) > before


async def test_signing_publishes_what_the_parent_needs_and_ends_only_by_consent(
    begin: Begin, pdns: Pdns
) -> None:
    async with begin(records=WWW, dnssec={"enabled": True, "nsec3": "1 0 0 -"}) as life:
        await life.settle()
        assert life.outcome() == "Done"
        ds = (life.status().outputs or {})["ds"]
        assert isinstance(ds, list)
        assert ds
        assert (life.status().detail or {})["signed"] is True
        await life.declare(zone=zone(WWW, dnssec={"enabled": False}))
        assert life.rules() == ["Consent"]
        assert pdns.api("GET", f"/zones/{ZONE}.")[1]["dnssec"] is True
        await life.approve()
        assert life.outcome() == "Done"
        assert pdns.api("GET", f"/zones/{ZONE}.")[1]["dnssec"] is False


async def test_settings_are_kept(begin: Begin, pdns: Pdns) -> None:
    settings = {"kind": "primary", "alsoNotify": ["127.0.0.1:5399"]}
    async with begin(records=WWW, settings=settings) as life:
        await life.settle()
        pdns.api("PUT", f"/zones/{ZONE}.", {"kind": "Native"})
        await life.look_again()
        await life.settle()
        assert life.outcome() == "Done"
        assert pdns.api("GET", f"/zones/{ZONE}.")[1]["kind"] == "Master"
        assert pdns.api("GET", f"/zones/{ZONE}./metadata/ALSO-NOTIFY")[1]["metadata"] == ["127.0.0.1:5399"]


async def test_a_zone_is_in_sync_once_every_secondary_serves_it(
    begin: Begin, pdns: Pdns, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns)
    told = f"127.0.0.1:{secondary.port}"
    spec: dict[str, Any] = {"settings": {"kind": "primary", "alsoNotify": [told]}}
    async with begin({"secondaries": [told]}, records=WWW, **spec) as life:
        await life.settle()
        assert life.outcome() == "Done"
        await life.declare(zone=zone({"www": {"A": "192.0.2.2"}}, **spec))
        assert life.outcome() == "Done"
        assert secondary.values("www.example.test", "A") == ["192.0.2.2"]
        assert (life.status().detail or {})["secondaries"] == {told: pdns.serial(ZONE)}


async def test_a_secondary_that_is_gone_or_stays_behind_is_not_in_sync(
    begin: Begin, pdns: Pdns, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns)
    told = f"127.0.0.1:{secondary.port}"
    spec: dict[str, Any] = {"settings": {"kind": "primary", "alsoNotify": [told]}, "secondaries": [told]}
    async with begin(records=WWW, **spec) as life:
        await life.settle()
        assert life.outcome() == "Done"
        secondary.stop()
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}, **spec))
        await life.until(lambda: life.outcome() == "Wait")
        assert told in life.sentence()
        secondary.start()
        await life.look_again()
        await life.settle()
        assert life.outcome() == "Done"
        assert secondary.values("www.example.test", "A") == ["192.0.2.2"]


@pytest.mark.parametrize("how", [How.LOSE, How.CUT], ids=["reply lost", "cut off"])
async def test_a_write_whose_reply_is_lost_is_read_back(
    begin: Begin, pdns: Pdns, proxy: Proxy, how: How
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        proxy.requests[:] = []
        proxy.fail(how, http_write, after=10)
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}))
        await life.until(lambda: life.outcome() == "Wait")
        await life.much_later()
        assert life.outcome() == "Done"
        assert pdns.values("www.example.test", "A") == ["192.0.2.2"]
        assert len(writes(proxy)) == (1 if how is How.LOSE else 2)


async def test_a_server_that_is_restarted_in_the_middle_ends_as_declared(
    begin: Begin, pdns: Pdns, proxy: Proxy
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        proxy.fail(How.CUT, http_write, after=10, then=pdns.kill)
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}))
        await life.until(lambda: life.outcome() in {"Failed", "Blocked", "Wait"})
        pdns.start()
        await life.much_later()
        assert life.outcome() == "Done"
        assert pdns.values("www.example.test", "A") == ["192.0.2.2"]


async def test_with_a_wrong_key_nothing_is_known_and_the_server_says_so(pdns: Pdns, tmp_path: Path) -> None:
    files = {"server": powerdns(pdns, tmp_path, key="wrong"), "zone": zone(WWW)}
    async with alive(tmp_path, files) as life:
        await life.until(lambda: life.estate.store.status(life.key("DnsServer/ns1")) is not None)
        await life.until(lambda: "401" in life.sentence("DnsServer/ns1"))
        assert "compare the key" in life.sentence("DnsServer/ns1")
        assert life.outcome() == "Blocked"


async def test_one_that_is_declared_no_more_is_removed_only_when_that_was_declared(
    begin: Begin, pdns: Pdns
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(zone=None)
        assert pdns.serial(ZONE) > 0
        await life.declare(zone=zone(WWW, policy={"deletion": "delete", "grace": "0s"}))
        await life.declare(zone=None)
        await life.until(lambda: pdns.serial(ZONE) == -1)


async def test_a_lost_database_knows_the_zone_by_its_mark(
    begin: Begin, pdns: Pdns, proxy: Proxy, tmp_path: Path
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
    (tmp_path / "setpoint.db").unlink()
    proxy.requests[:] = []
    async with begin(records=WWW) as life:
        await life.settle()
        assert life.outcome() == "Done"
        assert writes(proxy) == []


async def test_an_alias_is_not_put_beside_what_is_not_ours(begin: Begin, pdns: Pdns) -> None:
    pdns.add_zone(ZONE)
    pdns.put(ZONE, f"www.{ZONE}", "TXT", '"theirs"')
    spec: dict[str, Any] = {"ownership": "records", "nameservers": None, "policy": ADOPT}
    async with begin(records={"www": {"CNAME": "@"}, "b": {"A": "192.0.2.2"}}, **spec) as life:
        await life.settle()
        assert life.rules() == ["Impossible"]
        assert "www CNAME cannot be beside TXT" in life.sentence()
        assert pdns.values(f"b.{ZONE}", "A") == ["192.0.2.2"]
        assert NAME in {str(status.key) for status in life.estate.store.statuses()}


def records(name: str, **by_name: Any) -> str:
    return manifest("DnsRecords", name, {"zone": ZONE, "records": by_name})


async def test_what_others_declare_for_it_comes_and_goes_with_them(begin: Begin, pdns: Pdns) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(shop=records("shop", shop={"A": "192.0.2.80"}))
        assert life.outcome() == life.outcome("DnsRecords/shop") == "Done"
        assert pdns.values(f"shop.{ZONE}", "A") == ["192.0.2.80"]
        await life.declare(shop=None)
        await life.until(lambda: pdns.values(f"shop.{ZONE}", "A") == [])
        await life.settle()
        assert pdns.values("www.example.test", "A") == ["192.0.2.1"]


async def test_records_for_a_zone_that_is_held_are_not_in_sync(begin: Begin) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(shop=records("shop", shop={"A": "192.0.2.80"}))
        other = zone(WWW, nameservers=["ns3.example.net."])
        await life.submit(zone=other, shop=records("shop", shop={"A": "192.0.2.81"}))
        await life.until(lambda: life.outcome() == "Held" and life.outcome("DnsRecords/shop") == "Blocked")
        await life.approve()
        await life.until(lambda: life.outcome("DnsRecords/shop") == "Done")


async def test_records_are_in_sync_no_more_when_their_zone_is_not(begin: Begin) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(shop=records("shop", shop={"A": "192.0.2.80"}))
        await life.submit(zone=zone(WWW, nameservers=["ns3.example.net."]))
        await life.until(lambda: life.outcome() == "Held" and life.outcome("DnsRecords/shop") == "Blocked")


async def test_what_clashes_is_refused_with_both_places_and_nothing_leaves_the_zone(
    begin: Begin, pdns: Pdns, proxy: Proxy
) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(shop=records("shop", shop={"A": "192.0.2.80"}))
        proxy.requests[:] = []
        await life.submit(other=records("other", shop={"A": "192.0.2.81"}))
        (problem,) = life.estate.problems
        assert {"other.yaml", "shop.yaml"} <= {
            place for place in ("other.yaml", "shop.yaml") if place in str(problem)
        }
        await life.look_again()
        assert pdns.values(f"shop.{ZONE}", "A") == ["192.0.2.80"]
        assert writes(proxy) == []


async def test_a_broken_file_takes_nothing_out_of_the_zone(begin: Begin, pdns: Pdns, proxy: Proxy) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(shop=records("shop", shop={"A": "192.0.2.80"}))
        proxy.requests[:] = []
        await life.submit(shop="kind: DnsRecords\nmetadata: {name: shop}\nspec: {zone: [\n")
        await life.look_again()
        assert pdns.values(f"shop.{ZONE}", "A") == ["192.0.2.80"]
        assert writes(proxy) == []


async def test_a_reverse_zone_follows_the_addresses_of_others(begin: Begin, pdns: Pdns) -> None:
    reverse = "2.0.192.in-addr.arpa"
    async with begin(records=WWW) as life:
        await life.settle()
        await life.declare(
            reverse=zone(name=reverse, pointers=True), shop=records("shop", shop={"A": "192.0.2.80"})
        )
        assert life.outcome(f"DnsZone/{reverse}") == "Done"
        assert pdns.values(f"1.{reverse}", "PTR") == ["www.example.test."]
        assert pdns.values(f"80.{reverse}", "PTR") == ["shop.example.test."]


async def test_a_record_takes_what_another_resource_publishes(begin: Begin, pdns: Pdns) -> None:
    async with begin(records=WWW) as life:
        await life.settle()
        pool = {"cidr": "192.0.2.0/24", "gateway": "192.0.2.254"}
        taking = records("gate", gate={"A": {"from": "AddressPool/lan", "output": "gateway"}})
        await life.declare(pool=manifest("AddressPool", "lan", pool), gate=taking)
        await life.until(lambda: pdns.values(f"gate.{ZONE}", "A") == ["192.0.2.254"])
        await life.declare(pool=manifest("AddressPool", "lan", {**pool, "gateway": "192.0.2.253"}))
        await life.until(lambda: pdns.values(f"gate.{ZONE}", "A") == ["192.0.2.253"])
        assert pdns.values("www.example.test", "A") == ["192.0.2.1"]
