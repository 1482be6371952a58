"""How a zone is put together from many declarations, and what of that is refused. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.gather import Ask, Asked, Entry, Inside, Shares
from setpoint.model.handed import FromOutput
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint_dns.asks import RECORDS, records_ask
from setpoint_dns.content import RRset, Zone
from setpoint_dns.kinds.dns_records import KIND as DNS_RECORDS
from setpoint_dns.kinds.dns_records.spec import DnsRecordsSpec
from setpoint_dns.kinds.dns_zone.declared import declared_sets, divide
from setpoint_dns.kinds.dns_zone.entry import entry
from setpoint_dns.kinds.dns_zone.gather import advise, share, whence
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.server import Can

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
    told = entry(spec, "/records/web/A", None)
    assert (told.spec, told.tree) == ("/records/web/A", ("/records/web.example.test. A",))


def test_records_are_asked_for_as_they_were_written() -> None:
    written = {"zone": NAME, "records": {"www": {"A": {"values": ["192.0.2.1"], "ptr": True}, "TXT": "a"}}}
    assert DNS_RECORDS.asks is not None
    (one,) = DNS_RECORDS.asks(Key("default", "DnsRecords", "shop"), DnsRecordsSpec.model_validate(written))
    assert one == records_ask(NAME, written["records"], RECORDS)


PRIVATE = {"wiki": {"A": "10.0.0.1"}}


def test_what_is_unwise_is_told_where_it_is_written_and_fails_nothing() -> None:
    specs: dict[Key, Any] = {key(): {"records": WWW, "soa": {"minimum": 0}}}
    asks = (ask(PRIVATE),)
    assert share(specs, asks).problems == ()
    first, second = advise(specs, asks)
    assert (first.at.by.kind, first.at.field) == ("DnsRecords", "/records/wiki/A")
    assert "10.0.0.1 is private" in first.what
    assert second.at == Inside(key(), "/soa/minimum")


def test_of_all_that_a_zone_does_not_declare_itself_is_known_who_did() -> None:
    specs: dict[Key, Any] = {key(): {"records": WWW}, key(REVERSE): {"pointers": True}}
    shop, wiki = ask({"shop": {"A": "192.0.2.2"}}), guest("web01")
    places = whence(specs, (shop, wiki))
    assert places[key()] == {
        "/records/shop/A": replace(shop, field="/records/shop/A"),
        "/records/web01/A": wiki,
        "/records/web01/AAAA": wiki,
    }
    assert places[key(REVERSE)] == {
        f"/records/1.{REVERSE}./PTR": Inside(key(), "/records/www/A"),
        f"/records/2.{REVERSE}./PTR": replace(shop, field="/records/shop/A"),
        "/addressed/web01.example.test.": wiki,
    }


@pytest.mark.parametrize(
    ("name", "spec", "told"),
    [
        pytest.param(NAME, {}, True, id="a zone without a view"),
        pytest.param(f"{NAME}!external", {}, True, id="the view external"),
        pytest.param(f"{NAME}!dmz", {}, True, id="any other view"),
        pytest.param(f"{NAME}!internal", {}, False, id="the view internal"),
        pytest.param(f"{NAME}!private", {}, False, id="the view private"),
        pytest.param(NAME, {"private": True}, False, id="private by declaration"),
        pytest.param(f"{NAME}!internal", {"private": False}, True, id="public by declaration"),
        pytest.param("lab.home.arpa", {}, False, id="below home.arpa"),
        pytest.param("home.internal", {}, False, id="below internal"),
        pytest.param("myinternal", {}, True, id="a name that only ends so"),
    ],
)
def test_private_addresses_are_right_for_those_inside_alone(
    name: str, spec: dict[str, Any], *, told: bool
) -> None:
    assert bool(advise({key(name): {"records": PRIVATE, **spec}}, ())) is told


def test_a_start_of_authority_that_secondaries_cannot_keep_is_refused_unless_it_is_accepted() -> None:
    specs: dict[Key, Any] = {key(): {"soa": {"refresh": 3600, "expire": 1800}}}
    (problem,) = share(specs, ()).problems
    assert problem.at == Inside(key(), "/soa/expire")
    assert share({key(): {**specs[key()], "accept": ["soa"]}}, ()).problems == ()


GUEST = {"from": "Container/default/web01", "output": "addresses.v4"}
GUEST6 = {"from": "Container/default/web01", "output": "addresses.v6"}


def guest(*names: str, **more: Any) -> Asked:
    """What a guest asks for."""
    wanted = {"A": {"values": [GUEST], **more}, "AAAA": {"values": [GUEST6], **more}}
    one = Ask("dns", {"zone": NAME, "records": dict.fromkeys(names, wanted)}, "/dns/0")
    return Asked(one.topic, one.entry, one.field, Key("default", "Container", "web01"), HERE)


def addressed(shares: Shares, name: str = REVERSE) -> Any:
    return shares.specs[key(name)].get("addressed")


def test_a_reverse_zone_waits_for_the_addresses_that_guests_publish() -> None:
    zones: dict[Key, Any] = {
        key(): {"records": WWW},
        key(REVERSE): {"pointers": True},
        key("8.b.d.0.1.0.0.2.ip6.arpa"): {"pointers": True},
    }
    found = share(zones, (guest("web01", "www2"),))
    assert found.problems == ()
    assert records(found, REVERSE) == {f"1.{REVERSE}.": {"PTR": "www.example.test."}}
    assert addressed(found) == {"web01.example.test.": {"A": {"values": [GUEST]}}}
    assert addressed(found, "8.b.d.0.1.0.0.2.ip6.arpa") == {
        "web01.example.test.": {"AAAA": {"values": [GUEST6]}}
    }
    assert addressed(found, NAME) is None
    for name, tree in found.specs.items():
        complete(DnsZoneSpec.model_validate(tree), name)


def test_of_the_names_of_a_guest_the_one_that_is_meant_is_pointed_to() -> None:
    zones: dict[Key, Any] = {
        key(): {"records": {**WWW, "old": {"A": {"values": "192.0.2.7", "ptr": True}}}},
        key(REVERSE): {"pointers": True},
    }
    meant = ask({"shop": {"A": {"values": GUEST, "ptr": True}}})
    found = share(zones, (guest("web01"), meant))
    assert found.problems == ()
    assert records(found, REVERSE) == {f"7.{REVERSE}.": {"PTR": "old.example.test."}}
    assert addressed(found) == {
        "www.example.test.": {"A": {"values": ["192.0.2.1"]}},
        "shop.example.test.": {"A": {"values": [GUEST], "ptr": True}},
    }


def test_two_names_that_are_meant_for_what_one_publishes_are_told_with_both_places() -> None:
    meant: dict[str, Any] = {"A": {"values": GUEST, "ptr": True}}
    found = share({key(): {}, key(REVERSE): {"pointers": True}}, (ask({"a": meant, "b": meant}),))
    (problem,) = found.problems
    assert "b.example.test. and a.example.test. both want" in problem.what
    assert "Container/web01" in problem.what


def test_what_a_zone_of_another_namespace_takes_is_named_with_that() -> None:
    taking = {"web": {"A": {"from": "Container/web01", "output": "addresses.v4"}}}
    zones: dict[Key, Any] = {key(namespace="dev"): {"records": taking}, key(REVERSE): {"pointers": True}}
    (value,) = addressed(share(zones, ()))["web.example.test."]["A"]["values"]
    assert FromOutput.model_validate(value).giver == "dev/web01"


def test_what_others_declare_in_a_reverse_zone_stands() -> None:
    zones: dict[Key, Any] = {key(): {"records": WWW}, key(REVERSE): {"pointers": True}}
    own = ask({"1": {"PTR": "mail.example.test."}, "2": {"TXT": "a"}}, zone=REVERSE)
    assert records(share(zones, (own,)), REVERSE) == {"1": {"PTR": "mail.example.test."}, "2": {"TXT": "a"}}


def reverse(**spec: Any) -> DnsZoneSpec:
    return complete(DnsZoneSpec.model_validate(spec), key(REVERSE))


def ptrs(spec: DnsZoneSpec) -> dict[str, tuple[str, ...]]:
    return {name.removesuffix(f".{REVERSE}."): one.values for (name, _), one in declared_sets(spec).items()}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"a.": {"A": "192.0.2.1"}}, {"1": ("a.",)}, id="in the zone"),
        pytest.param({"a.": {"A": "198.51.100.1"}}, {}, id="in another"),
        pytest.param({"a.": {"A": GUEST}}, {}, id="not known yet"),
        pytest.param(
            {"b.": {"A": "192.0.2.1"}, "a.": {"A": "192.0.2.1"}}, {"1": ("a.",)}, id="the first by name"
        ),
        pytest.param(
            {"a.": {"A": "192.0.2.1"}, "b.": {"A": {"values": "192.0.2.1", "ptr": True}}},
            {"1": ("b.",)},
            id="the one that is meant",
        ),
        pytest.param({"a.": {"A": "192.0.2.9"}}, {"9": ("own.",)}, id="what is written stands"),
    ],
)
def test_a_ptr_is_at_the_address_once_that_is_known(spec: dict[str, Any], expected: dict[str, Any]) -> None:
    written = {"9": {"PTR": "own."}} if "9" in expected else {}
    assert ptrs(reverse(records=written, addressed=spec)) == expected


@pytest.mark.parametrize(
    ("name", "types", "told"),
    [
        pytest.param("web01", {"A": "192.0.2.1"}, "does not end in a dot", id="relative"),
        pytest.param("web01.example.test.", {"MX": "10 a"}, "only A and AAAA", id="no address"),
    ],
)
def test_only_whole_names_with_addresses_are_pointed_to(name: str, types: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DnsZoneSpec.model_validate({"addressed": {name: types}})


def test_the_ptr_to_a_name_whose_address_is_not_known_waits() -> None:
    spec = reverse(addressed={"web01.example.test.": {"A": GUEST}}, ownership="records")
    there = [
        RRset(f"1.{REVERSE}.", "PTR", 3600, ("web01.example.test.",)),
        RRset(f"2.{REVERSE}.", "PTR", 3600, ("strange.example.test.",)),
    ]
    zone = Zone(f"{REVERSE}.", 1, {one.id: one for one in there})
    sets, left = divide(zone, spec)
    assert list(left) == [there[1].id]
    state = ZoneState(zone, sets, left, (), Can(0))
    tree = {"zone": REVERSE}
    field = "/addressed/web01.example.test./A"
    assert entry(tree, f"{field}/values/0", state) == Entry(field, (f"/records/1.{REVERSE}. PTR",))
    assert entry(tree, f"{field}/values/0", None) == Entry(field, ())
    assert entry(tree, "/addressed/web01.example.test./AAAA", state).tree == (), "of no address of this zone"
