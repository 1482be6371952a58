"""What each transform makes of a value, and what it says when it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.systems.netbox.mapping.views import machine, sheet, spec

MAP = """\
inventory: netbox
maps:
  tried:
    of: virtualization.virtualmachine
    kind: VirtualMachine
    name: name
    fields: {description: %s}
"""


def made(value: Any, transform: Any, key: str = "x") -> str:
    """What a rule makes of a custom field, as the text of its line, with the comment."""
    rule = json.dumps({"from": f"custom_fields.{key}", "as": transform})
    text = sheet(machine(custom_fields={key: value}), MAP % rule)
    return next((line.strip() for line in text.splitlines() if "description:" in line), "")


LONG = json.dumps("9" * 5000)
TABLE: list[tuple[str, Any, Any, str]] = [
    ("integer of a decimal", 2.0, "integer", "2"),
    ("integer of a text", "2.00", "integer", "2"),
    ("number", "1.5", "number", "1.5"),
    ("number that is whole", "3.0", "number", "3"),
    ("digits", "9000", "digits", "9000"),
    ("digits of a name", "debian-13", "digits", "debian-13"),
    ("digits keep a leading zero", "007", "digits", "007"),
    ("digits of a number too long for one", "9" * 5000, "digits", LONG),
    ("sort of numbers too long for one", ["9" * 5000, "10"], "sort", f'["10", {LONG}]'),
    ("boolean", "Yes", "boolean", "true"),
    ("boolean of false", False, "boolean", "false"),
    ("text", 10, "text", '"10"'),
    ("lower", "Web01", "lower", "web01"),
    ("upper", "web01", "upper", "WEB01"),
    ("trim", "  a b ", "trim", '"a b"'),
    ("slug", "Web Server (1)", "slug", "web-server-1"),
    ("slug keeps dots", "DB.Example.org", "slug", "db.example.org"),
    ("mac", "bc24.1100.0001", "mac", '"BC:24:11:00:00:01"'),
    ("address", "192.0.2.1/24", "address", "192.0.2.1"),
    ("cidr", "192.0.2.1/24", "cidr", "192.0.2.1/24"),
    ("network", "192.0.2.1/24", "network", "192.0.2.0/24"),
    ("prefixLength", "2001:db8::1/64", "prefixLength", "64"),
    ("mailbox", "john\\.doe.example.org", "mailbox", "john.doe@example.org"),
    ("mailbox of an address", "a@example.org", "mailbox", "a@example.org"),
    ("dotted", "ns1.example.org", "dotted", "ns1.example.org."),
    ("dotted already", "ns1.example.org.", "dotted", "ns1.example.org."),
    ("lines", "a b\n\n c\n", "lines", '["a b", c]'),
    ("first", ["b", "a"], "first", "b"),
    ("unique", ["b", "a", "b"], "unique", "[b, a]"),
    ("sort by numbers", ["net10", "net9"], "sort", "[net9, net10]"),
    ("map", "active", {"map": {"active": "running"}}, "running"),
    ("map of a choice", {"value": "active", "label": "Active"}, {"map": {"active": "running"}}, "running"),
    ("map without the value", "failed", {"map": {"active": "running"}}, ""),
    ("map with another word for the rest", "failed", {"map": {"active": "running", "*": "no"}}, "no"),
    ("map that keeps the rest", "auto", {"map": {"slaac": "auto"}, "keep": True}, "auto"),
    ("map of each item", ["a", "b"], {"map": {"a": "x"}}, "[x]"),
    ("join", ["a", "b"], {"join": ", "}, '"a, b"'),
    ("split", "a, b,,c", {"split": ","}, "[a, b, c]"),
    ("slot", "eth0", {"slot": {"eth": "net"}}, "net0"),
    ("without", ["setpoint", "prod"], {"without": ["setpoint"]}, "[prod]"),
    ("without anything left", ["setpoint"], {"without": ["setpoint"]}, ""),
    ("unit", 4096, {"unit": "MiB"}, "4096MiB"),
    ("unit of 1000", 4096, {"unit": "MB"}, "4000000KiB"),
    ("unit of a fraction", 1.5, {"unit": "GiB"}, "1536MiB"),
    ("unit rounded up", 4000, {"unit": "MB", "multiple": "1MiB", "round": "up"}, "3815MiB"),
    ("unit of the map", 2, {"unit": "memory"}, "2MiB"),
    ("several", "A B", ["lower", "slug"], "a-b"),
]


@pytest.mark.parametrize(
    ("value", "transform", "expected"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_a_transform_makes_of_a_value(value: Any, transform: Any, expected: str) -> None:
    line = made(value, transform)
    assert line.partition("  #")[0].rstrip() == (f"description: {expected}" if expected else "")


MISTAKES: list[tuple[str, Any, Any, str]] = [
    ("a fraction as integer", 2.5, "integer", "custom_fields.x 2.5 is no whole number; write one in NetBox"),
    ("a word as integer", "two", "integer", "custom_fields.x 'two' is no number; write digits"),
    (
        "a number of too many digits",
        "1e999999999",
        "integer",
        "1e999999999 is out of all proportion; correct it",
    ),
    ("a size of too many digits", 1e40, {"unit": "MiB"}, "1e+40 is out of all proportion; correct it"),
    ("a size that is a list", [[1], [2]], {"unit": "MiB"}, "this is no number; write the size in digits"),
    ("infinity", "inf", "number", "'inf' is no number; write digits"),
    ("a word as boolean", "maybe", "boolean", "'maybe' is neither true nor false; correct the value"),
    ("no mac", "bc:24", "mac", "'bc:24' is no MAC address; correct it"),
    ("no address", "lan", "address", "'lan' is no IP address; correct it"),
    ("no slot", "lan", {"slot": {"net": "net"}}, "'lan' is no slot; name it net0 or the like"),
    ("a list as text", [["a"], ["b"]], "lower", "there is more than one value; name a field"),
    ("a size that is no number", "4G", {"unit": "GiB"}, "'4G' is no number; write digits"),
    ("a negative size", -1, {"unit": "GiB"}, "'-1' is no size; write a positive number"),
    (
        "a size that is no multiple",
        4096,
        {"unit": "MB", "multiple": "1MiB"},
        "4096, read as MB, is no multiple of 1MiB; correct the number in NetBox, or say what it counts in the rule",
    ),
    (
        "a size too small to be meant",
        4,
        {"unit": "memory", "least": "16MiB"},
        (
            "custom_fields.x 4, read as MiB, is less than 16MiB; correct the number in NetBox, or say what it counts in "
            "units.memory of the map tried, e.g. GiB"
        ),
    ),
    ("a size too large", 4096, {"unit": "GiB", "most": "2TiB"}, "4096, read as GiB, is more than 2TiB"),
]


@pytest.mark.parametrize(
    ("value", "transform", "why"), [row[1:] for row in MISTAKES], ids=[r[0] for r in MISTAKES]
)
def test_a_value_that_cannot_be_refuses_its_object_and_says_what_would_be_right(
    value: Any, transform: Any, why: str
) -> None:
    rule = json.dumps({"from": "custom_fields.x", "as": transform})
    text = sheet(machine(custom_fields={"x": value}), MAP % rule)
    (refused,) = [line for line in text.splitlines() if line.startswith("refused:")]
    assert why in refused
    assert "description: " not in text


def test_a_unit_is_printed_beside_the_number_that_it_was_read_from() -> None:
    assert made(4096, {"unit": "MiB"}).endswith("# custom_fields.x 4096, read as MiB")
    assert "read as MB, rounded up to 1MiB" in made(4000, {"unit": "MB", "multiple": "1MiB", "round": "up"})


RULES: list[tuple[str, str, Any, Any]] = [
    ("a constant", "{value: always}", {}, "always"),
    ("a default", "{from: custom_fields.x, default: other}", {}, "other"),
    ("a template", '{text: "{{ name }} on {{ cluster.name }}"}', {}, "web01 on homelab"),
    ("a template without a value", '{text: "{{ custom_fields.x }} here"}', {}, None),
    ("the first that says something", "{from: [custom_fields.x, custom_fields.y, name]}", {"y": "y"}, "y"),
    (
        "names for one thing that agree",
        "{from: [[custom_fields.x, custom_fields.y]]}",
        {"x": "a", "y": "a"},
        "a",
    ),
    ("null says nothing", "{from: [custom_fields.x, name]}", {"x": None}, "web01"),
    ("blank says nothing", "{from: [custom_fields.x, name]}", {"x": ""}, "web01"),
    ("false is said", "{from: custom_fields.x, as: text}", {"x": False}, "false"),
    ("a condition that holds", "{from: name, when: {field: status, is: active}}", {}, "web01"),
    ("a condition that does not", "{from: name, when: {field: status, in: [offline, failed]}}", {}, None),
    ("another rule", "{from: custom_fields.x, otherwise: {value: z}}", {}, "z"),
    ("has", "{from: name, when: {field: custom_fields.x, has: b}}", {"x": ["a", "b"]}, "web01"),
    ("has not", "{from: name, when: {not: {field: custom_fields.x, has: c}}}", {"x": ["a", "b"]}, "web01"),
    ("a tag", "{from: name, when: {tag: prod}}", {}, "web01"),
    ("any", "{from: name, when: {any: [{tag: nope}, {field: vcpus, is: 2}]}}", {}, "web01"),
    ("all as a list", "{from: name, when: [{tag: nope}, {field: vcpus, is: 2}]}", {}, None),
    ("set", "{from: name, when: {field: custom_fields.x, set: true}}", {"x": 0}, "web01"),
    ("an item by number", "{from: 'tags[1].slug'}", {}, "prod"),
    ("an item by a field", "{from: 'tags[slug=prod].name', as: first}", {}, "prod"),
    ("items but some", "{from: 'tags[slug!=prod].name', as: first}", {}, "setpoint"),
]


@pytest.mark.parametrize(
    ("rule", "fields", "expected"), [row[1:] for row in RULES], ids=[r[0] for r in RULES]
)
def test_a_rule_finds_its_value(rule: str, fields: Any, expected: Any) -> None:
    assert spec(machine(custom_fields=fields), MAP % rule).get("description") == expected


def test_names_for_one_thing_that_differ_are_told_and_nothing_is_chosen() -> None:
    text = sheet(
        machine(custom_fields={"x": 1, "y": 2}),
        MAP % "{from: [[custom_fields.x, custom_fields.y]], as: text}",
    )
    assert (
        "custom_fields.x says 1 and custom_fields.y says 2, and both are names for one thing; make them"
        in text
    )


def test_names_for_one_thing_are_compared_as_they_are_read() -> None:
    rule = MAP.replace("description", "vmid") % "{from: [[custom_fields.x, custom_fields.y]], as: integer}"
    assert spec(machine(custom_fields={"x": "101", "y": 101}), rule)["vmid"] == 101


def test_an_object_is_no_value() -> None:
    assert "cluster is an object; name a field of it in the path, e.g. cluster.name" in sheet(
        machine(), MAP % "cluster"
    )


def test_objects_are_no_values() -> None:
    assert "tags is an object; name a field of it in the path, e.g. tags[*].name" in sheet(
        machine(), MAP % "tags"
    )


def test_a_tree_of_a_custom_field_becomes_fields() -> None:
    rule = MAP.replace("description", "cpu") % "custom_fields.x"
    assert spec(machine(custom_fields={"x": {"type": "host", "limit": None}}), rule)["cpu"] == {
        "type": "host"
    }
