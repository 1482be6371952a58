"""What is remembered of a zone from one look to the next is what would be made anew. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_dns.content import RRset, Zone
from setpoint_dns.kinds.dns_zone.declared import divide
from setpoint_dns.kinds.dns_zone.members import Sets, members
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec

ORIGIN = "example.test."
A = RRset(f"a.{ORIGIN}", "A", 3600, ("192.0.2.1",))
B = RRset(f"b.{ORIGIN}", "A", 3600, ("192.0.2.2",))
NS = RRset(ORIGIN, "NS", 3600, ("ns1.example.net.",))
OWN: dict[str, Any] = {"records": {"a": {"A": "192.0.2.1"}}}


def zone() -> Zone:
    return Zone(ORIGIN, 1, {one.id: one for one in (A, B, NS)})


def spec(**more: Any) -> DnsZoneSpec:
    return DnsZoneSpec.model_validate({"zone": "example.test", "view": "default", **OWN, **more})


def test_another_value_of_what_is_declared_divides_a_zone_that_did_not_change_as_before() -> None:
    there = zone()
    first, _ = divide(there, spec())
    again, _ = divide(there, spec(records={"a": {"A": "192.0.2.9"}}))
    assert again is first


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"ignore": [{"name": "b"}]}, id="ignored"),
        pytest.param({"ownership": "records"}, id="owned by record"),
        pytest.param({"nameservers": ["ns1.example.net."]}, id="nameservers declared"),
        pytest.param({"records": {}, "ignore": [{"name": "a"}]}, id="declared no more and ignored"),
    ],
)
def test_whatever_divides_otherwise_is_divided_anew(more: dict[str, Any]) -> None:
    there = zone()
    divide(there, spec())
    sets, left = divide(there, spec(**more))
    assert (sets, left) == divide(zone(), spec(**more))
    assert (sets, left) != divide(zone(), spec())


def test_a_zone_that_changed_is_divided_anew() -> None:
    divide(zone(), spec())
    sets, _ = divide(Zone(ORIGIN, 2, {A.id: A}), spec())
    assert sets == {A.id: A}


def test_equal_sets_are_compared_by_the_very_same_value() -> None:
    one, other = members(Sets({A.id: A})), members({A.id: RRset(A.name, A.type, A.ttl, A.values)})
    assert one == other == {f"{A.name} A": {"ttl": 3600, "values": ["192.0.2.1"]}}
    assert one[f"{A.name} A"] is other[f"{A.name} A"]
