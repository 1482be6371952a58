"""Prefixes, VLANs, clusters, config contexts and the zones of a plugin, which are read where the settings want them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.systems.netbox.ground import MACHINES, NetBox, between, following

CLUSTER = 1
pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("settings", "kind", "path", "fields", "change"),
    [
        ("prefixes", "ipam.prefix", "ipam/prefixes", {"prefix": "10.0.0.0/24"}, {"description": "new"}),
        ("vlans", "ipam.vlan", "ipam/vlans", {"vid": 20, "name": "dmz"}, {"name": "new"}),
        (
            "clusters", "virtualization.cluster", "virtualization/clusters", {"name": "two", "type": 1},
            {"name": "new"},
        ),
    ],
    ids=["prefixes", "vlans", "clusters"],
)  # fmt: skip
async def test_others_are_followed_like_machines(
    netbox: NetBox, settings: str, kind: str, path: str, fields: dict[str, Any], change: dict[str, Any]
) -> None:
    tagged = {"tags": [{"slug": "setpoint"}]}
    first = netbox.make(path, **fields, **tagged)
    async with following(netbox.url, **{settings: {"tags": ["setpoint"]}}) as one:
        await one.fetch()
        assert {name: one.view(first, kind)[name] for name in fields if name != "type"} == {
            name: value for name, value in fields.items() if name != "type"
        }
        netbox.edit(path, first, **change)
        await one.fetch()
        assert one.view(first, kind).items() >= change.items()
        more = {**fields, **({"prefix": "10.1.0.0/24"} if settings == "prefixes" else {"name": "more"})}
        second = netbox.make(path, **{**more, **({"vid": 21} if settings == "vlans" else {})}, **tagged)
        netbox.remove(path, first)
        await one.fetch()
        assert f"{kind}/{second}" in one.kept.files  # type: ignore[union-attr]
        assert f"{kind}/{first}" not in one.kept.files  # type: ignore[union-attr]
        assert one.released() == {}


async def test_a_config_context_is_read_where_it_is_wanted_and_followed(netbox: NetBox) -> None:
    context = netbox.make("extras/config-contexts", name="all", weight=1000, data={"nixos": {"a": 1}})
    number = netbox.machine(CLUSTER, "web01", local_context_data={"nixos": {"b": 2}})
    async with following(netbox.url) as plain, following(netbox.url, configContext=True) as one:
        await plain.fetch()
        assert "config_context" not in plain.view(number)
        assert plain.view(number)["local_context_data"] == {"nixos": {"b": 2}}
        await one.fetch()
        assert one.view(number)["config_context"] == {"nixos": {"a": 1, "b": 2}}
        netbox.edit("extras/config-contexts", context, data={"nixos": {"a": 5}})
        await one.fetch()
        await one.fetch(60.0)
        assert one.view(number)["config_context"] == {"nixos": {"a": 5, "b": 2}}


async def test_what_the_settings_want_no_more_is_released_after_a_restart(netbox: NetBox) -> None:
    number = netbox.make("ipam/vlans", vid=20, name="dmz")
    netbox.machine(CLUSTER, "web01")
    async with following(netbox.url, vlans={}) as one:
        kept = await one.fetch()
    async with following(netbox.url, kept) as one:
        await one.fetch()
        assert one.released() == {f"ipam.vlan/{number}": "it is not selected any more"}
        assert list(one.names().values()) == ["web01"]


@dataclass
class Plugin:
    """The lists of netbox-plugin-dns, as far as they are read, and the changes that it writes."""

    zones: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    records: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    changes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def zone(self, number: int, name: str) -> None:
        self.zones[number] = {"id": number, "name": name, "status": "active", "tags": [], "soa_serial": 1}
        self.tell("create", "netbox_dns.zone", number)

    def record(self, number: int, zone: int, name: str, value: str) -> None:
        action = "update" if number in self.records else "create"
        told = {"id": number, "zone": {"id": zone, "url": "/"}, "type": "A", "name": name, "value": value}
        self.records[number] = told
        self.tell(action, "netbox_dns.record", number)

    def remove_record(self, number: int) -> None:
        del self.records[number]
        self.tell("delete", "netbox_dns.record", number)

    def tell(self, action: str, kind: str, number: int) -> None:
        self.changes.append(
            {
                "id": len(self.changes) + 1,
                "time": "2026-11-21T03:26:48.068907Z",
                "action": {"value": action},
                "changed_object_type": kind,
                "changed_object_id": number,
                "request_id": "r",
                "user_name": "anna",
            }
        )

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        place = request.path.removeprefix("/api/")
        if place == "status/":
            return web.json_response({"netbox-version": "4.6.8", "plugins": {"netbox_dns": "1.6.2"}})
        lists: dict[str, list[dict[str, Any]]] = {
            "plugins/netbox-dns/zones/": list(self.zones.values()),
            "plugins/netbox-dns/records/": list(self.records.values()),
            "core/object-changes/": self.changes,
            f"{MACHINES}/": [],
        }
        asked, rows = request.query, lists[place]
        if asked.get("ordering") == "-id":
            return web.json_response({"count": len(rows), "next": None, "results": rows[-1:]})
        rows = [row for row in rows if row["id"] >= int(asked["start"])]
        if "id" in asked:
            rows = [row for row in rows if str(row["id"]) in asked.getall("id")]
        if "zone_id" in asked:
            rows = [row for row in rows if str(row["zone"]["id"]) in asked.getall("zone_id")]
        return web.json_response({"count": None, "next": None, "results": rows})


async def test_a_zone_is_followed_with_its_records() -> None:
    plugin = Plugin()
    plugin.zone(2, "example.org")
    plugin.zone(3, "example.net")
    plugin.record(14, 2, "www", "10.0.0.1")
    async with (
        between("http://127.0.0.1:1", plugin.answer) as middle,
        following(middle.url, zones={}) as one,
    ):
        before = await one.fetch()
        assert values(one.view(2, "netbox_dns.zone")) == {"www": "10.0.0.1"}
        plugin.record(14, 2, "www", "10.0.0.2")
        plugin.record(15, 2, "mail", "10.0.0.3")
        after = await one.fetch()
        assert values(one.view(2, "netbox_dns.zone")) == {"www": "10.0.0.2", "mail": "10.0.0.3"}
        assert after.files["netbox_dns.zone/3"] is before.files["netbox_dns.zone/3"]
        plugin.remove_record(14)
        plugin.zones[2]["soa_serial"] = 2
        await one.fetch()
        assert values(one.view(2, "netbox_dns.zone")) == {"mail": "10.0.0.3"}
        plugin.record(15, 3, "mail", "10.0.0.3")
        await one.fetch()
        assert values(one.view(2, "netbox_dns.zone")) == {}
        assert values(one.view(3, "netbox_dns.zone")) == {"mail": "10.0.0.3"}


def values(zone: dict[str, Any]) -> dict[str, str]:
    told: list[dict[str, str]] = json.loads(json.dumps(zone["records"]))
    return {record["name"]: record["value"] for record in told}


async def test_a_zone_of_the_plugin_itself_is_followed(netbox: NetBox) -> None:
    dns = "plugins/netbox-dns"
    server = netbox.make(f"{dns}/nameservers", name="ns1.example.org")
    zone = netbox.make(
        f"{dns}/zones",
        name="example.org",
        nameservers=[server],
        soa_mname=server,
        soa_rname="hostmaster.example.org",
    )
    www = netbox.make(f"{dns}/records", zone=zone, type="A", name="www", value="10.0.0.1")
    async with following(netbox.url, zones={}) as one:
        await one.fetch()
        seen = one.view(zone, "netbox_dns.zone")
        assert (seen["name"], seen["nameservers"][0]["name"]) == ("example.org", "ns1.example.org")
        assert values(seen)["www"] == "10.0.0.1"
        netbox.edit(f"{dns}/records", www, value="10.0.0.2")
        await one.fetch()
        assert values(one.view(zone, "netbox_dns.zone"))["www"] == "10.0.0.2"
        netbox.remove(f"{dns}/records", www)
        await one.fetch()
        assert "www" not in values(one.view(zone, "netbox_dns.zone"))
        netbox.remove(f"{dns}/zones", zone)
        await one.fetch()
        assert one.kept is not None
        assert f"netbox_dns.zone/{zone}" not in one.kept.files
        assert one.released() == {}
