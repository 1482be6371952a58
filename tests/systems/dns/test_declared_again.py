"""The sets that a zone's declaration comes to are the same whatever was declared before it. Pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_dns.content import RRset, Zone
from setpoint_dns.kinds.dns_zone.declared import declared_sets, divide, waiting
from setpoint_dns.kinds.dns_zone.members import Sets, members
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec
from setpoint_dns.records.expand import pending, rrsets

TAKEN = {"from": "Guest/a", "output": "addresses.v4"}
TYPES: tuple[dict[str, Any], ...] = (
    {"A": "192.0.2.1"},
    {"A": ["192.0.2.2", "192.0.2.1"], "TXT": "x"},
    {"A": {"values": "192.0.2.3", "views": ["internal"]}},
    {"A": {"values": "192.0.2.3", "ttl": 60}},
    {"A": TAKEN},
)

records = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(TYPES), max_size=5)


def zone(given_records: dict[str, Any], **more: Any) -> DnsZoneSpec:
    return DnsZoneSpec.model_validate(
        {"zone": "example.test", "view": "default", "records": given_records, **more}
    )


@given(st.lists(st.tuples(records, st.sampled_from((60, 3600))), min_size=2, max_size=5))
def test_what_was_declared_before_makes_no_difference(versions: list[tuple[dict[str, Any], int]]) -> None:
    for declared, ttl in versions:
        spec = zone(declared, ttl=ttl)
        found, expected = declared_sets(spec), rrsets("example.test.", spec.records, ttl, "default")
        assert list(found.items()) == list(expected.items())
        assert list(members(found).items()) == list(members(Sets(expected)).items())
        assert waiting(spec) == pending("example.test.", spec.records, "default")
        there = Zone("example.test.", 1, dict(found))
        assert divide(there, spec)[0] == found


def test_one_that_is_new_leaves_all_others_the_very_same() -> None:
    first = declared_sets(zone({"a": TYPES[0], "b": TYPES[1]}))
    before = dict(members(first))
    now = declared_sets(zone({"a": TYPES[3], "b": TYPES[1]}))
    assert now["b.example.test.", "A"] is first["b.example.test.", "A"]
    assert members(now)["b.example.test. A"] is before["b.example.test. A"]
    assert members(now)["a.example.test. A"] == {"ttl": 60, "values": ["192.0.2.3"]}


def test_what_is_written_at_two_names_that_are_one_is_refused() -> None:
    with pytest.raises(ValueError, match="is declared twice"):
        declared_sets(zone({"a": TYPES[0], "a.example.test.": TYPES[0]}))


def test_sets_do_not_keep_those_before_them_for_ever() -> None:
    last = Sets()
    for number in range(5):
        one = RRset("a.test.", "A", number, ("192.0.2.1",))
        last = Sets({one.id: one}).beside(last)
        assert members(last)["a.test. A"] == {"ttl": number, "values": ["192.0.2.1"]}
    assert last.before is None
