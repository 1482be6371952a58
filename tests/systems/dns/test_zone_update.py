"""Zones by signed updates, by the real daemon. No make of server makes zones so: they are configured before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.systems.dns.living import ZONE, alive, rfc2136, zone
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.servers.proxy import How, Proxy, dns_update
from tests.systems.dns.ways import TAKEN

WWW = {"www": {"A": "192.0.2.1"}}
TEN = {f"h{number}": {"A": f"192.0.2.{number}"} for number in range(10, 22)}


@pytest.fixture
def proxy(server: Program, proxied: Callable[[int], Proxy]) -> Proxy:
    return proxied(server.port)


def updates(proxy: Proxy) -> int:
    """How many messages changed something."""
    return sum(dns_update(start) for start in proxy.requests)


async def test_without_our_mark_nothing_is_written(server: Program, proxy: Proxy, tmp_path: Path) -> None:
    files = {"server": rfc2136(server, tmp_path, port=proxy.port), "zone": zone(WWW, nameservers=None)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert (life.rules(), updates(proxy)) == (["Exists"], 0)


async def test_a_mass_deletion_waits_for_a_person(server: Program, tmp_path: Path) -> None:
    files = {"server": rfc2136(server, tmp_path), "zone": zone(TEN, **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        await life.declare(zone=zone({"h10": TEN["h10"]}, **TAKEN))
        assert life.rules() == ["Consent"]
        assert server.values(f"h11.{ZONE}", "A") == ["192.0.2.11"]
        await life.approve()
        assert life.outcome() == "Done"
        assert server.values(f"h11.{ZONE}", "A") == []


@pytest.mark.parametrize("how", [How.LOSE, How.CUT], ids=["reply lost", "cut off"])
async def test_an_update_whose_reply_is_lost_is_read_back(
    server: Program, proxy: Proxy, tmp_path: Path, how: How
) -> None:
    files = {"server": rfc2136(server, tmp_path, port=proxy.port), "zone": zone(WWW, **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        proxy.fail(how, dns_update, after=20)
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}, **TAKEN))
        await life.until(lambda: life.outcome() == "Wait")
        await life.much_later()
        assert life.outcome() == "Done"
        assert server.values("www.example.test", "A") == ["192.0.2.2"]


async def test_a_server_that_is_restarted_in_the_middle_ends_as_declared(
    server: Program, proxy: Proxy, tmp_path: Path
) -> None:
    files = {"server": rfc2136(server, tmp_path, port=proxy.port), "zone": zone(WWW, **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        proxy.fail(How.CUT, dns_update, after=20, then=server.kill)
        await life.submit(zone=zone({"www": {"A": "192.0.2.2"}}, **TAKEN))
        await life.until(lambda: life.outcome() in {"Failed", "Blocked", "Wait"})
        server.start()
        await life.much_later()
        assert life.outcome() == "Done"
        assert server.values("www.example.test", "A") == ["192.0.2.2"]


async def test_a_zone_that_the_server_does_not_have_is_asked_of_a_person(bind: Bind, tmp_path: Path) -> None:
    server = rfc2136(bind, tmp_path)
    other = zone(WWW).replace('"example.test"', '"other.test"')
    async with alive(tmp_path, {"server": server, "zone": other}) as life:
        await life.settle()
        assert life.rules("DnsZone/other.test") == ["Impossible"]
        assert "makes none over the wire" in life.sentence("DnsZone/other.test")


async def test_it_is_in_sync_once_the_secondary_serves_it(
    server: Program, knot_secondary: Callable[..., KnotSecondary], tmp_path: Path
) -> None:
    secondary = knot_secondary(server)
    told = f"127.0.0.1:{secondary.port}"
    if isinstance(server, Pdns):
        for setting, value in {"ALSO-NOTIFY": told, "NOTIFY-DNSUPDATE": "1"}.items():
            server.api("PUT", f"/zones/{ZONE}./metadata/{setting}", {"metadata": [value]})
        server.api("PUT", f"/zones/{ZONE}.", {"kind": "Master"})
    files = {"server": rfc2136(server, tmp_path, secondaries=[told]), "zone": zone(WWW, **TAKEN)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        assert secondary.values("www.example.test", "A") == ["192.0.2.1"]


async def test_each_view_of_bind_has_its_own_records(bind_views: Bind, tmp_path: Path) -> None:
    records = {
        "www": {
            "A": [
                {"values": "10.0.0.1", "views": ["internal"]},
                {"values": "192.0.2.1", "views": ["default"]},
            ]
        }
    }
    files = {
        "inside": rfc2136(bind_views, tmp_path, key="internal", name="inside"),
        "outside": rfc2136(bind_views, tmp_path, key="external", name="outside"),
        "default": zone(records, target="outside", **TAKEN),
        "internal": zone(records, target="inside", name=f"{ZONE}!internal", **TAKEN),
    }
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == life.outcome(f"DnsZone/{ZONE}!internal") == "Done"
        assert bind_views.values(f"www.{ZONE}", "A", key="internal") == ["10.0.0.1"]
        assert bind_views.values(f"www.{ZONE}", "A", key="external") == ["192.0.2.1"]
