"""Which addresses a pool hands out, what it refuses to be declared as, and what it tells of itself."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.desired.compile import compile_set
from setpoint.model.handed import VALUE, Grant
from setpoint.model.key import Key
from setpoint.store.store import Store
from setpoint.systems import installed_kinds
from setpoint_addresses.kinds.address_pool import KIND
from setpoint_addresses.kinds.address_pool.space import ranges, space
from setpoint_addresses.kinds.address_pool.spec import AddressPoolSpec
from setpoint_addresses.kinds.address_pool.state import SHOWN, PoolState, problems, status
from tests.docs.console import ROOT, Block, blocks

POOL = Key("default", "AddressPool", "lan")


def pool(**spec: Any) -> AddressPoolSpec:
    return AddressPoolSpec.model_validate({"cidr": "192.0.2.0/24", **spec})


def texts(spec: AddressPoolSpec) -> list[str]:
    return [f"{space(spec).text(low)}-{space(spec).text(high)}" for low, high in ranges(spec)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, ["192.0.2.1-192.0.2.254"], id="all of the network"),
        pytest.param({"gateway": "192.0.2.1"}, ["192.0.2.2-192.0.2.254"], id="but for its gateway"),
        pytest.param(
            {"ranges": ["192.0.2.20-192.0.2.29", "192.0.2.5"]},
            ["192.0.2.5-192.0.2.5", "192.0.2.20-192.0.2.29"],
            id="the lowest first",
        ),
        pytest.param(
            {"ranges": ["192.0.2.10-192.0.2.19", "192.0.2.15-192.0.2.25", "192.0.2.26"]},
            ["192.0.2.10-192.0.2.26"],
            id="what overlaps or touches is one",
        ),
        pytest.param(
            {"ranges": ["192.0.2.10-192.0.2.19"], "exclude": ["192.0.2.12-192.0.2.14", "192.0.2.19"]},
            ["192.0.2.10-192.0.2.11", "192.0.2.15-192.0.2.18"],
            id="without what is excluded",
        ),
        pytest.param(
            {"ranges": ["192.0.2.10"], "exclude": ["192.0.2.0-192.0.2.255"]}, [], id="nothing at all"
        ),
        pytest.param(
            {"ranges": ["192.0.2.0-192.0.2.3"]}, ["192.0.2.1-192.0.2.3"], id="not the network's own address"
        ),
        pytest.param({"cidr": "192.0.2.8/31"}, ["192.0.2.8-192.0.2.9"], id="both ends of a line"),
        pytest.param({"cidr": "192.0.2.8/32"}, ["192.0.2.8-192.0.2.8"], id="a single one"),
        pytest.param(
            {"cidr": "2001:db8::/126", "gateway": "fe80::1"},
            ["2001:db8::1-2001:db8::3"],
            id="IPv6 has no broadcast",
        ),
    ],
)
def test_what_is_handed_out(spec: dict[str, Any], expected: list[str]) -> None:
    assert texts(pool(**spec)) == expected


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"cidr": "192.0.2.0"}, "is no network; write it with its prefix length"),
        ({"cidr": "192.0.2.7/24"}, "is an address in a network; write 192.0.2.0/24"),
        ({"cidr": "lan"}, "is no network"),
        ({"ranges": ["192.0.2.9-192.0.2.1"]}, "ends before it begins; write 192.0.2.1-192.0.2.9"),
        ({"ranges": ["192.0.2.0/25"]}, "is no range; write its first and last address"),
        ({"ranges": ["192.0.2.1-2001:db8::1"]}, "is no range"),
        ({"ranges": ["192.0.2.1-192.0.2.9-192.0.2.10"]}, "is no range"),
        ({"ranges": ["192.0.3.1"]}, "192.0.3.1 in ranges is not within 192.0.2.0/24"),
        ({"exclude": ["2001:db8::1"]}, "2001:db8::1 in exclude is not within 192.0.2.0/24"),
        ({"gateway": "fe80::1"}, "is not of the same version as 192.0.2.0/24"),
        ({"gateway": "192.0.2.1/24"}, "is no IP address; write it without a prefix length"),
        ({"size": 3}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_no_pool_is_refused_with_what_would_be(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why.replace("(", "\\(")):
        pool(**spec)


def test_texts_are_put_into_their_usual_form() -> None:
    spec = AddressPoolSpec.model_validate(
        {"cidr": "2001:DB8:0::/64", "ranges": ["2001:db8:0:0::A - 2001:db8::00b"], "gateway": "FE80::1"}
    )
    assert (spec.cidr, spec.ranges, spec.gateway) == (
        "2001:db8::/64",
        ("2001:db8::a-2001:db8::b",),
        "fe80::1",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/16", "192.0.2.7"),
        ("192.0.2.250", "192.0.2.250"),
        ("192.0.2.1", None),
        ("192.0.2.0", None),
        ("192.0.2.255", None),
        ("192.0.3.7", None),
        ("2001:db8::7", None),
        ("dhcp", None),
        ("", None),
        ("192.0.2.7:8006", None),
    ],
)
def test_which_texts_stand_for_an_address_of_the_pool(text: str, expected: str | None) -> None:
    made = space(pool(gateway="192.0.2.1", ranges=["192.0.2.100-192.0.2.199"]))
    number = made.number(text)
    assert (None if number is None else made.text(number)) == expected


def test_a_field_gets_the_address_with_its_prefix_length_and_the_gateway_beside_it() -> None:
    number = int(ip_address("192.0.2.7"))
    assert space(pool(gateway="192.0.2.1")).values(number) == {VALUE: "192.0.2.7/24", "gateway": "192.0.2.1"}
    assert space(pool()).values(number) == {VALUE: "192.0.2.7/24"}


def handed(count: int) -> tuple[Grant, ...]:
    first = int(ip_address("192.0.2.1"))
    return tuple(
        Grant(POOL, first + n, Key("default", "Box", f"b{n}"), "/nics/net0/ipv4", 1.0) for n in range(count)
    )


def test_a_pool_tells_who_has_which_and_that_it_is_exhausted() -> None:
    made = space(pool(ranges=["192.0.2.1-192.0.2.2"]))
    one = PoolState("lan", made, handed(1))
    assert problems(one) == ()
    assert status(one) == {
        "size": 2,
        "free": 1,
        "handedOut": 1,
        "addresses": {"192.0.2.1": "Box/b0 nics/net0/ipv4"},
    }
    (problem,) = problems(PoolState("lan", made, handed(2)))
    assert problem.message.startswith(
        "all 2 addresses of 192.0.2.0/24 that may be handed out are; add a range"
    )


def test_what_is_kept_outside_of_the_ranges_leaves_them_free() -> None:
    assert PoolState("lan", space(pool(ranges=["192.0.2.2"])), handed(1)).free == 1


def test_a_large_pool_tells_of_some() -> None:
    made = space(AddressPoolSpec.model_validate({"cidr": "192.0.0.0/16"}))
    shown = status(PoolState("lan", made, handed(SHOWN + 5)))["addresses"]
    assert isinstance(shown, dict)
    assert len(shown) == SHOWN


def test_a_pool_differs_from_nothing() -> None:
    assert KIND.declare(pool(comment="ours")) == {}


ADDRESSES = st.integers(1, 40).map(lambda n: f"192.0.2.{n}")
SPANS = st.tuples(st.integers(1, 40), st.integers(0, 9)).map(
    lambda s: f"192.0.2.{s[0]}-192.0.2.{s[0] + s[1]}"
)
SPECS = st.builds(
    lambda some, not_these, gateway: pool(ranges=some, exclude=not_these, gateway=gateway),
    st.lists(SPANS | ADDRESSES, max_size=4),
    st.lists(SPANS | ADDRESSES, max_size=4),
    st.none() | ADDRESSES,
)


def listed(spans: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for text in spans:
        first, _, last = text.partition("-")
        found |= {*range(int(ip_address(first)), int(ip_address(last or first)) + 1)}
    return found


@given(SPECS)
def test_ranges_are_exactly_what_was_said(spec: AddressPoolSpec) -> None:
    every = {int(one) for one in ip_network(spec.cidr).hosts()}
    expected = (listed(spec.ranges) or every) - listed(spec.exclude)
    expected -= {int(ip_address(spec.gateway))} if spec.gateway else set()
    spans = ranges(spec)
    assert {n for low, high in spans for n in range(low, high + 1)} == expected
    assert [*spans] == sorted(spans)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(spans))


ASKED = st.tuples(st.sampled_from("abcdef"), st.sampled_from(["/v4", "/v6"]))
DEEDS = st.lists(
    st.tuples(st.sampled_from(["ask", "leave", "rename"]), ASKED, st.sampled_from("abcdef")), max_size=25
)


def box(name: str) -> Key:
    return Key("default", "Box", name)


@given(SPECS, DEEDS, st.sets(st.integers(1, 40)))
def test_no_address_has_two_owners_and_each_is_the_lowest_that_was_free(
    spec: AddressPoolSpec, deeds: list[tuple[str, tuple[str, str], str]], seen: set[int]
) -> None:
    store, made = Store.in_memory(), space(spec)
    avoid = {int(ip_address(f"192.0.2.{n}")) for n in seen}
    theirs: dict[tuple[Key, str], int] = {}
    for at, (deed, (name, field), other) in enumerate(deeds, start=1):
        key = box(name)
        if deed == "leave":
            store.leave(key, float(at))
            theirs = {who: n for who, n in theirs.items() if who[0] != key}
        elif deed == "rename" and name != other:
            store.put_in_force({}, (), (), {key: box(other)})
            if any(who[0] == key for who in theirs):
                theirs = {who: n for who, n in theirs.items() if who[0] != box(other)}
            theirs = {(box(other) if who[0] == key else who[0], who[1]): n for who, n in theirs.items()}
        else:
            before = {one.number for one in store.grants(POOL)}
            had = store.granted(POOL, key, field)
            grant = store.grant(Grant(POOL, 0, key, field, float(at)), made, avoid, seen=None)
            lowest = made.lowest_free(before | avoid)
            if grant is None:
                assert lowest is None
                continue
            assert grant.key == key
            if had is not None:
                assert grant.number == had.number
            elif lowest is not None:
                assert grant.number == lowest
            theirs[key, field] = grant.number
        assert len(set(theirs.values())) == len(theirs)
        assert theirs == {(one.key, one.field): one.number for one in store.grants(POOL) if not one.left_at}
    store.close()


def test_the_how_to_is_valid_as_a_whole() -> None:
    page = ROOT / "docs/how-to/hand-out-addresses.md"
    shown = {f"{n}/{b.info.removeprefix('of ') or 'lan.yaml'}": b for n, b in enumerate(yaml_blocks(page))}
    files = {name: block.text.encode() for name, block in shown.items()}
    cluster = (ROOT / "examples/estate/cluster.yaml").read_bytes()
    compiled = compile_set({**files, "cluster.yaml": cluster}, installed_kinds(), version="how-to")
    assert compiled.problems == ()
    assert len(compiled.resources) == 5


def yaml_blocks(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language == "yaml"]
