"""The plugin for DNS: what it makes by itself, what it refuses, and what its lists show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.netbox.emulator.api import CHANGES, Client
from tests.systems.netbox.emulator.test_rules import changed, made, written

ROOT = "/api/plugins/netbox-dns/"
ZONES = f"{ROOT}zones/"
RECORDS = f"{ROOT}records/"
NAMESERVERS = f"{ROOT}nameservers/"
VIEWS = f"{ROOT}views/"
ADDRESSES = "/api/ipam/ip-addresses/"
ZONE = "home.example"
REVERSE = "2.0.192.in-addr.arpa"


@pytest.fixture
def zone(client: Client) -> int:
    """A zone with one name server."""
    server = made(client, NAMESERVERS, name="ns1.home.example")
    return made(
        client, ZONES, name=ZONE, nameservers=[server], soa_mname=server, soa_rname="admin.home.example"
    )


@pytest.fixture
def reverse(client: Client, zone: int) -> int:
    """A zone for the addresses of the first one's hosts."""
    server = client.get(f"{ZONES}{zone}/")["soa_mname"]["id"]
    return made(
        client, ZONES, name=REVERSE, nameservers=[server], soa_mname=server, soa_rname="admin.home.example"
    )


def listed(client: Client, query: str) -> list[tuple[str, str, str]]:
    """Type, full name and value of records."""
    rows = client.get(f"{RECORDS}?{query}")["results"]
    return [(row["type"], row["fqdn"], row["value"]) for row in rows]


def test_a_zone_has_its_own_records_and_bare_words_for_choices(client: Client, zone: int) -> None:
    shown = client.get(f"{ZONES}{zone}/")
    assert (shown["status"], shown["active"], shown["view"]["name"]) == ("active", True, "_default_")
    serial = shown["soa_serial"]
    soa = f"ns1.home.example. admin.home.example. {serial} 43200 7200 2419200 3600"
    assert listed(client, f"zone_id={zone}&managed=true") == [
        ("NS", "home.example.", "ns1.home.example."),
        ("SOA", "home.example.", soa),
    ]


def test_a_zone_must_know_who_answers_for_it(client: Client) -> None:
    got = client.ask("POST", ZONES, {"name": "min.example"})
    texts = {
        name: [f"{name} not set and no template or default value defined"]
        for name in ("soa_mname", "soa_rname")
    }
    assert (got.status, got.document) == (400, texts)


def test_the_serial_is_the_second_of_the_last_change(client: Client, zone: int) -> None:
    first = client.get(f"{ZONES}{zone}/")
    client.lab("POST", "clock", {"advance": 10})
    body = {"zone": zone, "type": "A", "name": "www", "value": "192.0.2.10"}
    number = client.get(f"{RECORDS}?type=SOA")["results"][0]["id"]
    log = written(client, "POST", RECORDS, body)
    assert log[1:] == [f"netbox_dns.zone#{zone} update", f"netbox_dns.record#{number} update"]
    second = client.get(f"{ZONES}{zone}/")
    assert second["soa_serial"] - first["soa_serial"] >= 10
    assert str(second["soa_serial"]) in client.get(f"{RECORDS}{number}/")["value"]
    again = written(client, "POST", RECORDS, body | {"name": "api"})
    assert len(again) == 1
    assert client.get(f"{ZONES}{zone}/")["last_updated"] > second["last_updated"]


@pytest.mark.parametrize(
    ("kind", "value", "whole"),
    [
        ("CNAME", "www", "www.home.example."),
        ("CNAME", "www.other.example.", "www.other.example."),
        ("MX", "10 mail", "10 mail.home.example."),
        ("SRV", "0 5 5060 sip", "0 5 5060 sip.home.example."),
        ("TXT", "v=spf1 -all", "v=spf1 -all"),
        ("CAA", '0 issue "ca.example"', '0 issue "ca.example"'),
    ],
)
def test_values_are_also_shown_in_full(client: Client, zone: int, kind: str, value: str, whole: str) -> None:
    number = made(client, RECORDS, zone=zone, type=kind, name="x", value=value)
    shown = client.get(f"{RECORDS}{number}/")
    assert (shown["value"], shown["absolute_value"], shown["fqdn"]) == (value, whole, "x.home.example.")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"type": "A", "name": "www", "value": "192.0.2.10"},
            {
                "value": [
                    "There is already an active A record for name www in zone home.example with value 192.0.2.10."
                ]
            },
        ),
        (
            {"type": "CNAME", "name": "www", "value": "x"},
            {
                "type": [
                    "There is already an active record for name www in zone home.example, CNAME is not allowed."
                ]
            },
        ),
        (
            {"type": "A", "name": "web", "value": "192.0.2.11"},
            {
                "type": [
                    "There is already an active CNAME record for name web in zone home.example, A is not allowed."
                ]
            },
        ),
        (
            {"type": "A", "name": "bad", "value": "notanip"},
            {
                "value": [
                    "Record value notanip is not a valid value for a A record: Text input is malformed.."
                ]
            },
        ),
        (
            {"type": "MX", "name": "bad", "value": "mail"},
            {"value": ["Record value mail is not a valid value for a MX record: Text input is malformed.."]},
        ),
        ({"type": "B", "name": "bad", "value": "x"}, {"type": ["B is not a valid choice."]}),
    ],
    ids=["twice", "cname-beside", "beside-cname", "no-address", "no-number", "no-type"],
)
def test_records_that_do_not_fit_are_refused(client: Client, zone: int, body: Any, errors: Any) -> None:
    made(client, RECORDS, zone=zone, type="A", name="www", value="192.0.2.10")
    made(client, RECORDS, zone=zone, type="CNAME", name="web", value="www")
    got = client.ask("POST", RECORDS, body | {"zone": zone})
    assert (got.status, got.document) == (400, errors)


def test_an_address_leads_back_to_its_name_for_as_long_as_it_stands(
    client: Client, zone: int, reverse: int
) -> None:
    number = made(client, RECORDS, zone=zone, type="A", name="www", value="192.0.2.50", ttl=300)
    pointer = client.get(f"{RECORDS}{number}/")["ptr_record"]
    assert (pointer["name"], pointer["value"], pointer["ttl"]) == ("50", "www.home.example.", 300)
    assert pointer["managed"] is True
    moved = changed(client, f"{RECORDS}{number}/", value="192.0.2.60")["ptr_record"]
    assert (moved["id"], moved["name"]) == (pointer["id"], "60")
    held = client.get(f"{RECORDS}{pointer['id']}/")
    assert [each["id"] for each in held["address_records"]] == [number]
    log = written(client, "DELETE", f"{RECORDS}{number}/")
    assert log[:2] == [f"netbox_dns.record#{number} delete", f"netbox_dns.record#{pointer['id']} delete"]
    assert listed(client, "type=PTR") == []


@pytest.mark.parametrize("body", [{"status": "inactive"}, {"disable_ptr": True}], ids=str)
def test_nothing_leads_back_to_what_is_not_served(client: Client, zone: int, reverse: int, body: Any) -> None:
    number = made(client, RECORDS, zone=zone, type="A", name="old", value="192.0.2.53", **body)
    assert client.get(f"{RECORDS}{number}/")["ptr_record"] is None
    assert client.get(f"{RECORDS}?zone_id={reverse}&type=PTR")["count"] == 0


def test_a_reverse_zone_that_comes_later_leads_back_too(client: Client, zone: int) -> None:
    number = made(client, RECORDS, zone=zone, type="A", name="www", value="192.0.2.50")
    server = client.get(f"{ZONES}{zone}/")["soa_mname"]["id"]
    made(client, ZONES, name=REVERSE, nameservers=[server], soa_mname=server, soa_rname="a.home.example")
    assert client.get(f"{RECORDS}{number}/")["ptr_record"]["name"] == "50"


@pytest.mark.parametrize(
    ("method", "verb"), [("PATCH", "update"), ("DELETE", "deletion")], ids=["changed", "deleted"]
)
def test_what_the_plugin_made_nobody_changes(client: Client, zone: int, method: str, verb: str) -> None:
    number = client.get(f"{RECORDS}?zone_id={zone}&type=NS")["results"][0]["id"]
    got = client.ask(method, f"{RECORDS}{number}/", {"ttl": 5} if method == "PATCH" else None)
    text = f"home.example [NS] is managed, refusing {verb}"
    assert (got.status, got.document) == (400, [text])


def test_a_zone_takes_its_records_along(client: Client, zone: int, reverse: int) -> None:
    number = made(client, RECORDS, zone=zone, type="A", name="www", value="192.0.2.50")
    log = written(client, "DELETE", f"{ZONES}{reverse}/")
    assert [line.partition("#")[0] for line in log] == ["netbox_dns.record"] * 3 + ["netbox_dns.zone"]
    assert {line.partition(" ")[2] for line in log} == {"delete"}
    assert client.get(f"{RECORDS}{number}/")["ptr_record"] is None


def test_another_name_server_changes_the_ns_records(client: Client, zone: int) -> None:
    other = made(client, NAMESERVERS, name="ns2.home.example")
    changed(client, f"{ZONES}{zone}/", nameservers=[other])
    assert [value for kind, _, value in listed(client, "type=NS") if kind == "NS"] == ["ns2.home.example."]
    assert [each["name"] for each in client.get(f"{NAMESERVERS}{other}/")["zones"]] == [ZONE]


def test_a_zone_without_name_servers_has_no_ns_records(client: Client, zone: int) -> None:
    changed(client, f"{ZONES}{zone}/", nameservers=[])
    assert [kind for kind, _, _ in listed(client, f"zone_id={zone}")] == ["SOA"]


def test_a_record_that_is_no_address_any_more_loses_what_led_back(
    client: Client, zone: int, reverse: int
) -> None:
    number = made(client, RECORDS, zone=zone, type="A", name="www", value="192.0.2.50")
    changed(client, f"{RECORDS}{number}/", type="TXT", value="moved")
    assert listed(client, "type=PTR") == []


def test_addresses_in_the_prefixes_of_a_view_have_records(client: Client, zone: int) -> None:
    number = made(client, ADDRESSES, address="192.0.2.70/24", dns_name="sync.home.example")
    assert listed(client, "name=sync") == []
    changed(client, f"{VIEWS}1/", prefixes=[{"id": 1}])
    assert listed(client, "name=sync") == [("A", "sync.home.example.", "192.0.2.70")]
    row = client.get(f"{RECORDS}?name=sync")["results"][0]
    assert (row["managed"], row["ipam_ip_address"]["id"]) == (True, number)
    changed(client, f"{ADDRESSES}{number}/", dns_name="other.home.example")
    assert listed(client, "type=A") == [("A", "other.home.example.", "192.0.2.70")]
    assert client.ask("DELETE", f"{ADDRESSES}{number}/").status == 204
    assert listed(client, "type=A") == []


def test_lists_are_ordered_by_full_name_signs_first(client: Client, zone: int) -> None:
    for name in ("web", "@", "*", "_sip._tcp", "api"):
        made(client, RECORDS, zone=zone, type="TXT", name=name, value=name)
    rows = client.get(f"{RECORDS}?zone={ZONE}&status=active&type=TXT")["results"]
    assert [row["name"] for row in rows] == ["_sip._tcp", "*", "api", "@", "web"]


def test_changes_are_those_of_the_plugin(client: Client, zone: int) -> None:
    rows = client.get(f"{CHANGES}?changed_object_type=netbox_dns.zone")["results"]
    assert rows[0]["display"] == f"NetBox DNS | Zone {ZONE} created by admin"


def test_the_roots_name_the_plugin(client: Client) -> None:
    assert client.get("/api/plugins/")["netbox-dns"].endswith(ROOT)
    assert client.get(ROOT)["zones"].endswith(ZONES)
    assert client.get("/api/status/")["plugins"] == {"netbox_dns": "1.6.2"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_graphql_is_left_out_and_says_so(client: Client, method: str) -> None:
    got = client.ask(method, "/graphql/", {"query": "{zone_list{id}}"} if method == "POST" else None)
    assert got.status == 501
    assert "use the REST API" in got.document["detail"]


def test_options_tell_what_fields_are(client: Client) -> None:
    told = client.ask("OPTIONS", "/api/virtualization/virtual-machines/").document["actions"]["POST"]
    assert (told["name"]["type"], told["name"]["required"], told["name"]["max_length"]) == (
        "string",
        True,
        64,
    )
    assert told["status"]["choices"][0] == {"value": "offline", "display_name": "Offline"}
    assert list(told["cluster"]["children"]) == ["id", "url", "display", "name", "description"]
    assert told["id"]["read_only"] is True
