"""How a zone is put together from many declarations, and what of that is refused. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.model.gather import Asked, Inside, Shares
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint_dns.asks import RECORDS, records_ask
from setpoint_dns.kinds.dns_records import KIND as DNS_RECORDS
from setpoint_dns.kinds.dns_records.spec import DnsRecordsSpec
from setpoint_dns.kinds.dns_zone.entry import entry
from setpoint_dns.kinds.dns_zone.gather import share
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete

NAME = "example.test"
REVERSE = "2.0.192.in-addr.arpa"
HERE = Origin("shop.yaml", 1, 1)


def key(name: str = NAME, namespace: str = "default") -> Key:
    return Key(namespace, "DnsZone", name)


def ask(records: dict[str, Any], by: str = "shop", *, zone: str = NAME, namespace: str = "default") -> Asked:
    one = records_ask(zone, records, RECORDS)
    return Asked(one.topic, one.entry, one.field, Key(namespace, "DnsRecords", by), HERE)


def records(shares: Shares, name: str = NAME) -> Any:
    return shares.specs[key(name)]["records"]


WWW: dict[str, Any] = {"www": {"A": "192.0.2.1"}}


def test_one_to_which_nobody_contributes_is_given_back_as_it_is() -> None:
    tree = {"records": WWW}
    assert share({key(): tree}, ()).specs[key()] is tree


def test_what_others_contribute_is_beside_what_the_zone_says() -> None:
    found = share(
        {key(): {"records": WWW}}, (ask({"shop": {"A": "192.0.2.2"}, "www": {"AAAA": "2001:db8::1"}}),)
    )
    assert found.problems == ()
    assert records(found) == {"www": {"A": "192.0.2.1", "AAAA": "2001:db8::1"}, "shop": {"A": "192.0.2.2"}}
    complete(DnsZoneSpec.model_validate(found.specs[key()]), key())


@pytest.mark.parametrize(
    ("other", "told"),
    [
        pytest.param({"www": {"A": "192.0.2.9"}}, "www.example.test. A", id="the same name and type"),
        pytest.param(
            {"www.example.test.": {"A": "192.0.2.9"}}, "www.example.test. A", id="written otherwise"
        ),
        pytest.param({"www": {"A": "192.0.2.1"}}, "www.example.test. A", id="even with the same value"),
    ],
)
def test_two_that_declare_the_same_are_told_with_both_places(other: dict[str, Any], told: str) -> None:
    found = share({key(): {"records": WWW}}, (ask(other),))
    (problem,) = found.problems
    assert problem.what.startswith(told)
    assert problem.at.by == Key("default", "DnsRecords", "shop")
    assert problem.at.field.startswith("/records/www")
    assert problem.others == (Inside(key(), "/records/www/A"),)
    assert key() not in found.specs


def test_an_alias_of_one_does_not_stand_beside_the_address_of_another() -> None:
    found = share({key(): {"records": WWW}}, (ask({"www": {"CNAME": "web.example.net."}}),))
    assert found.problems
    assert key() not in found.specs


def test_records_for_a_zone_that_nobody_declares_are_refused() -> None:
    (problem,) = share({key(): {}}, (ask(WWW, zone="other.test"),)).problems
    assert problem.what == "there is no DnsZone other.test for these records"


def test_each_view_gets_what_says_nothing_of_views_and_what_names_it() -> None:
    specs = {key(): {}, key(f"{NAME}!internal"): {}}
    both = {"a": {"A": "192.0.2.1"}, "b": {"A": {"values": "10.0.0.1", "views": ["internal"]}}}
    outside = {"b": {"A": {"values": "192.0.2.2", "views": ["default"]}}}
    found = share(specs, (ask(both), ask(outside, "other")))
    assert found.problems == ()
    assert records(found) == {"a": both["a"], "b": outside["b"]}
    assert records(found, f"{NAME}!internal") == both


def test_what_names_a_view_of_the_zone_is_in_that_view_alone() -> None:
    found = share({key(): {}, key(f"{NAME}!internal"): {}}, (ask(WWW, zone=f"{NAME}!internal"),))
    assert records(found, f"{NAME}!internal") == WWW
    assert "records" not in found.specs[key()]


def test_other_namespaces_contribute_to_what_all_share_and_not_to_each_other() -> None:
    specs = {key(): {}, key(namespace="prod"): {}}
    found = share(specs, (ask(WWW, namespace="dev"),))
    assert records(found) == WWW
    assert "records" not in found.specs[key(namespace="prod")]


def test_a_reverse_zone_points_to_every_name_with_an_address() -> None:
    specs = {
        key(): {
            "records": {**WWW, "no": {"A": {"values": "192.0.2.5", "ptr": False}}, "*": {"A": "192.0.2.6"}}
        }
    }
    specs |= {key(REVERSE): {"pointers": True}}
    found = share(specs, (ask({"shop": {"A": ["192.0.2.2", "198.51.100.1"]}}),))
    assert found.problems == ()
    assert records(found, REVERSE) == {
        f"1.{REVERSE}.": {"PTR": "www.example.test."},
        f"2.{REVERSE}.": {"PTR": "shop.example.test."},
    }


def test_of_several_names_the_one_that_is_meant_is_pointed_to_and_else_the_first() -> None:
    own = {
        "a": {"A": "192.0.2.1"},
        "b": {"A": {"values": "192.0.2.1", "ptr": True}},
        "c": {"A": ["192.0.2.2"]},
    }
    specs = {key(): {"records": {**own, "d": {"A": "192.0.2.2"}}}, key(REVERSE): {"pointers": True}}
    assert records(share(specs, ()), REVERSE) == {
        f"1.{REVERSE}.": {"PTR": "b.example.test."},
        f"2.{REVERSE}.": {"PTR": "c.example.test."},
    }


def test_two_that_are_meant_are_told_with_both_places() -> None:
    meant = {"A": {"values": "192.0.2.1", "ptr": True}}
    specs = {key(): {"records": {"a": meant}}, key(REVERSE): {"pointers": True}}
    found = share(specs, (ask({"b": meant}),))
    (problem,) = found.problems
    assert "both want to be what the PTR 1.2.0.192.in-addr.arpa. points to" in problem.what
    assert problem.others == (Inside(key(), "/records/a/A"),)
    assert key(REVERSE) not in found.specs
    assert key() in found.specs


def test_a_pointer_that_the_reverse_zone_declares_itself_stands() -> None:
    specs = {
        key(): {"records": WWW},
        key(REVERSE): {"pointers": True, "records": {"1": {"PTR": "mail.example.test."}}},
    }
    assert records(share(specs, ()), REVERSE) == {"1": {"PTR": "mail.example.test."}}


def test_what_takes_an_output_waits_alone() -> None:
    taking = {"web": {"A": {"from": "VirtualMachine/web01", "output": "addresses.v4"}}}
    found = share({key(): {"records": WWW}}, (ask(taking),))
    spec = found.specs[key()]
    told = entry(spec, "/records/web/A")
    assert (told.spec, told.tree) == ("/records/web/A", ("/records/web.example.test. A",))


def test_records_are_asked_for_as_they_were_written() -> None:
    written = {"zone": NAME, "records": {"www": {"A": {"values": ["192.0.2.1"], "ptr": True}, "TXT": "a"}}}
    assert DNS_RECORDS.asks is not None
    (one,) = DNS_RECORDS.asks(Key("default", "DnsRecords", "shop"), DnsRecordsSpec.model_validate(written))
    assert one == records_ask(NAME, written["records"], RECORDS)
