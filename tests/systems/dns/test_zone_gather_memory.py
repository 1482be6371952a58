"""What is remembered of zones from one version of the declarations to the next never changes what comes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from setpoint.model.gather import Asked
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.tree import Tree
from setpoint_dns.asks import RECORDS, records_ask
from setpoint_dns.kinds.dns_zone.gather import GATHERING, Sharing, share
from setpoint_dns.records.check import Part, check_parts, refused
from setpoint_dns.records.remembered import Memory
from setpoint_dns.records.spec import ByType, Records
from setpoint_dns.records.zone import Ground

ZONE, REVERSE, OTHER = "example.test", "2.0.192.in-addr.arpa", "other.test"
NAMES = (
    "@",
    "a",
    "b",
    "x.a",
    "y.x.a",
    "*",
    "*.a",
    "ns.a",
    "_dmarc",
    "a.example.test.",
    "A",
    "bad..name",
    "out.test.",
)
VALUES: Mapping[str, tuple[Any, ...]] = {
    "A": (
        "192.0.2.1",
        "192.0.2.2",
        ["10.0.0.1", "192.0.2.3"],
        "300.1.2.3",
        {"values": "192.0.2.1", "ptr": True},
    ),
    "AAAA": ("2001:db8::1", {"values": "2001:db8::2", "views": ["internal"]}),
    "CNAME": ("a", "b", "x.a", "y.x.a", "www.example.net."),
    "DNAME": ("b", "example.net."),
    "NS": ("ns.a", "b", "ns1.example.net.", ["ns1.example.net.", "ns.a"]),
    "MX": ("10 a", "10 b", "10 x.a", "0 ."),
    "TXT": ("v=spf1 a:b -all", "v=spf1 include:a -all", "v=DMARC1; p=none"),
    "SRV": ("0 0 443 a", "0 0 443 *.a"),
    "DS": ("1 13 2 " + "ab" * 32,),
    "PTR": ("a", "x.a"),
}
TYPES = st.sampled_from([*VALUES]).flatmap(
    lambda kind: st.tuples(st.just(kind), st.sampled_from(VALUES[kind]))
)
RECORD_TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(NAMES), st.lists(TYPES, min_size=1, max_size=2).map(dict), max_size=6
)
GROUNDS = st.sampled_from([Ground(f"{ZONE}."), Ground(f"{ZONE}.", whole=False), Ground(f"{ZONE}.", ttl=0)])
_RECORDS: TypeAdapter[Records] = TypeAdapter(Records)


def part(tree: Mapping[str, Any]) -> Part:
    records: dict[str, ByType] = _RECORDS.validate_python(tree)
    return Part(records)


@st.composite
def versions(draw: st.DrawFn) -> list[tuple[Ground, tuple[Part, ...]]]:
    """A zone of a few parts that changes little by little; what does not change is the same object."""
    parts = [part(tree) for tree in draw(st.lists(RECORD_TREES, min_size=1, max_size=3))]
    ground = draw(GROUNDS)
    found = [(ground, tuple(parts))]
    for _ in range(draw(st.integers(1, 4))):
        which = draw(st.integers(0, len(parts) - 1))
        news = draw(RECORD_TREES)
        gone = draw(st.sets(st.sampled_from(NAMES), max_size=2))
        kept = {name: types for name, types in parts[which].records.items() if name not in gone}
        servers = draw(st.sampled_from([(), ("ns.a", "b"), ("ns1.example.net.",)]))
        parts[which] = Part({**kept, **part(news).records}, servers)
        ground = draw(GROUNDS) if draw(st.integers(0, 4)) == 0 else ground
        found.append((ground, tuple(parts)))
    return found


@settings(max_examples=150, deadline=None)
@given(versions())
def test_what_is_found_with_a_memory_is_what_is_found_without(
    steps: list[tuple[Ground, tuple[Part, ...]]],
) -> None:
    memory = Memory()
    for ground, parts in steps:
        assert check_parts(ground, parts, memory) == check_parts(ground, parts)


def ask(by: str, zone: str, records: dict[str, Any]) -> Asked:
    one = records_ask(zone, records, RECORDS)
    return Asked(one.topic, one.entry, one.field, Key("default", "DnsRecords", by), Origin("shop.yaml", 1, 1))


def key(name: str) -> Key:
    return Key("default", "DnsZone", name)


SPECS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"records": RECORD_TREES}, optional={"ttl": st.sampled_from([60, 3600])}
)
ASKED = st.tuples(st.sampled_from([ZONE, f"{ZONE}!internal", "nobody.test"]), RECORD_TREES)


@st.composite
def estates(draw: st.DrawFn) -> list[tuple[dict[Key, Tree], tuple[Asked, ...]]]:
    """Zones and asks that change one after the other; what does not change is the same object."""
    specs: dict[Key, Tree] = {key(REVERSE): {"pointers": True}, key(ZONE): draw(SPECS)}
    asks = {by: ask(by, *draw(ASKED)) for by in ("shop", "mail")}
    found = [({**specs}, tuple(asks.values()))]
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.sampled_from(["zone", "another", "gone", "ask", "unasked"])):
            case "zone":
                specs[key(ZONE)] = draw(SPECS)
            case "another":
                specs[key(draw(st.sampled_from([OTHER, f"{ZONE}!internal"])))] = draw(SPECS)
            case "gone":
                specs.pop(key(OTHER), None)
            case "ask":
                by = draw(st.sampled_from(["shop", "mail", "blog"]))
                asks[by] = ask(by, *draw(ASKED))
            case _:
                asks.pop("mail", None)
        found.append(({**specs}, tuple(asks.values())))
    return found


@settings(max_examples=100, deadline=None)
@given(estates())
def test_zones_come_out_with_a_memory_as_they_do_without(
    steps: list[tuple[dict[Key, Tree], tuple[Asked, ...]]],
) -> None:
    again = Sharing()
    for specs, asks in steps:
        assert again(specs, asks) == share(specs, asks)


def test_what_did_not_change_is_the_same_object_again() -> None:
    again = Sharing()
    specs: dict[Key, Tree] = {key(ZONE): {}, key(OTHER): {"records": {"a": {"A": "192.0.2.1"}}}}
    asks = (ask("shop", ZONE, {"www": {"A": "192.0.2.2"}}),)
    first = again(specs, asks)
    second = again({**specs, key(OTHER): {"records": {"a": {"A": "192.0.2.9"}}}}, asks)
    assert second.specs[key(ZONE)] is first.specs[key(ZONE)]
    assert second.specs[key(OTHER)] != first.specs[key(OTHER)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"b": {"A": "192.0.2.1"}}, {"b": {"CNAME": "c.example.net."}}, id="the target of an MX"),
        pytest.param({"b": {"A": "192.0.2.1"}}, {}, id="the target of an MX is gone"),
        pytest.param({"b": {"A": "192.0.2.1"}}, {"b": {"NS": "ns.example.net."}}, id="a delegation above"),
        pytest.param({"b": {"A": "192.0.2.1"}}, {"b": {"DNAME": "example.net."}}, id="a DNAME above"),
    ],
)
def test_a_set_that_did_not_change_is_judged_by_what_did(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    memory, ground = Memory(), Ground(f"{ZONE}.")
    rest = part({"m": {"MX": "10 b"}, "w.b": {"A": "192.0.2.7"}, "n": {"MX": "10 w.b"}})
    assert not refused(check_parts(ground, (rest, part(before)), memory))
    assert refused(check_parts(ground, (rest, part(after)), memory))


def test_the_kind_goes_on_from_what_it_knew() -> None:
    assert GATHERING.again is Sharing
    assert GATHERING.share is share
