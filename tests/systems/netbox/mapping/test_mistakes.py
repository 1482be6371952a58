"""What is wrong in a mapping is told where it stands, with what would be right; nothing is lost over it."""

from __future__ import annotations

import pytest

from setpoint_netbox.mapping.render import Renderer
from tests.systems.netbox.mapping.views import KINDS, LENT, OWN, VM, machine, sheets

BEGUN = """\
inventory: netbox
maps:
  mine:
    of: virtualization.virtualmachine
    kind: VirtualMachine
    name: name
"""

MISTAKES: list[tuple[str, str, str]] = [
    ("no yaml", "maps: [", "netbox.yaml:2:1: a value is missing here; write it, or close the { or [ before it"),
    ("a list", "- a", "netbox.yaml:1:1: a mapping has maps by name; write maps: {NAME: ...}"),
    ("two documents", "maps: {}\n---\nmaps: {}", "netbox.yaml:3:1: a mapping is one document; put all maps into one"),
    ("not said whose it is", "maps: {}", "netbox.yaml:1:1: inventory: is missing; add it: whose mapping this is"),
    ("somebody else's", "inventory: other\nmaps: {}", "netbox.yaml:1:1: inventory: 'other' is not possible; write netbox"),
    ("an unknown field", f"{OWN}map: {{}}", "netbox.yaml:2:1: map: there is no field 'map'; did you mean maps?"),
    ("maps as a list", f"{OWN}maps: []", "netbox.yaml:2:1: maps: a list is not a mapping; write its fields"),
    ("a map without all", f"{OWN}maps: {{mine: {{of: ipam.vlan, name: vid}}}}", "maps.mine.kind: is missing; add it"),
    ("no such type", BEGUN.replace("virtualmachine", "machine"), "4:5: maps.mine.of: 'virtualization.machine' is no type"),
    ("no such kind", BEGUN.replace("VirtualMachine", "VirtualMachin"), "5:5: maps.mine.kind: there is no kind 'VirtualMachin'; did you mean VirtualMachine?"),
    ("no such field of the kind", f"{BEGUN}    fields: {{coers: vcpus}}", "7:14: maps.mine.fields.coers: a VirtualMachine has no field 'coers'; did you mean cores?"),
    ("no such policy", f"{BEGUN}    policy: {{delete: name}}", "a policy has no field 'delete'; did you mean deletion?"),
    ("a target where there is none", BEGUN.replace("VirtualMachine", "AddressPool") + "    target: name", "maps.mine.target: a AddressPool has no target; remove it"),
    ("no path", f"{BEGUN}    fields: {{cores: 'v cpus'}}", "7:14: maps.mine.fields.cores: 'v cpus' is no path; write names with dots"),
    ("a strange choice of items", f"{BEGUN}    fields: {{tags: 'tags[?].slug'}}", "[?] in 'tags[?].slug' chooses nothing; write [*], [0] or [field=value]"),
    ("a rule from nowhere", f"{BEGUN}    fields: {{cores: {{as: integer}}}}", "a rule says where a value comes from; write one of from, value, text and each"),
    ("a rule from two places", f"{BEGUN}    fields: {{cores: {{from: vcpus, value: 2}}}}", "write one of from, value, text and each"),
    ("each without fields", f"{BEGUN}    fields: {{nics: {{each: interfaces}}}}", "each makes entries; add key and fields"),
    ("fields without each", f"{BEGUN}    fields: {{nics: {{from: name, fields: {{a: b}}}}}}", "key and fields are about the items of a list; add each"),
    ("as beside each", f"{BEGUN}    fields: {{nics: {{each: interfaces, key: name, fields: {{mac: mac}}, as: lower}}}}", "are about one value; write them in fields"),
    ("no such transform", f"{BEGUN}    fields: {{cores: {{from: vcpus, as: int}}}}", "'int' is not possible; did you mean integer?"),
    ("a unit of a size that is none", f"{BEGUN}    fields: {{memory: {{from: memory, as: {{unit: MiB, least: 4MB}}}}}}", "'MB' is no unit of size; use KiB, MiB, GiB or TiB"),
    ("a transform of no name", f"{BEGUN}    fields: {{cores: {{from: vcpus, as: {{mop: {{a: b}}}}}}}}", "there is no field 'mop'; did you mean map?"),
    ("a unit that does not exist", f"{BEGUN}    units: {{memory: MiBs}}", "7:13: maps.mine.units.memory: 'MiBs' is not possible; did you mean MiB?"),
    ("a template without a value", f"{BEGUN}    fields: {{description: {{text: hello}}}}", "'hello' has no placeholder; write {{ path }} where a value belongs"),
    ("a template that is not closed", f"{BEGUN}    fields: {{description: {{text: '{{{{ a }}}} {{{{ b'}}}}", "has no placeholder"),
    ("a field that is none", f"{BEGUN}    fields: {{'a..b': vcpus}}", "'a..b' is no field; write names with dots"),
    ("a condition that asks nothing", f"{BEGUN}    when: {{is: active}}", "a condition asks one thing; write one of field, tag, all, any and not"),
    ("a condition with nothing to be", f"{BEGUN}    when: {{field: status, in: []}}", "maps.mine.when.in: there are 0 of them; write at least 1"),
    ("a condition without an answer", f"{BEGUN}    when: {{field: status}}", "say what the field has to be; add one of is, in, has and set"),
    ("an answer without a field", f"{BEGUN}    when: {{tag: a, is: b}}", "is, in, has and set are about a field; add field"),
    ("a unit of a lent map that does not exist", f"{OWN}maps: {{virtual-machines: {{units: {{disk: GBs}}}}}}", "2:35: maps.virtual-machines.units.disk: 'GBs' is not possible; did you mean GB?"),
    ("a name that is no lent map", f"{OWN}maps: {{virtual-machine: {{units: {{disk: GB}}}}}}", "maps.virtual-machine.of: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_says_its_place_and_what_would_be_right(text: str, told: str) -> None:
    found = sheets({VM: machine()}, text)
    messages = [str(problem) for problem in found.problems]
    assert any(told in message for message in messages), messages
    assert all(message.startswith("netbox.yaml") for message in messages)


def test_while_a_mapping_is_wrong_the_one_before_makes_the_sheets() -> None:
    by, mine = Renderer(LENT, KINDS), BEGUN + "    fields: {cores: {value: 3}}"
    before = sheets({VM: machine()}, mine, by=by)
    broken = sheets(
        {VM: machine(), "virtualization.virtualmachine/18": machine(name="web02")}, "maps: [", by=by
    )
    assert broken.problems
    assert broken.files.items() > before.files.items()
    assert b"cores: 3" in broken.files["virtualization.virtualmachine/18.yaml"]
    assert sheets({VM: machine()}, mine, by=by) == before


def test_without_one_before_there_are_no_sheets_and_nothing_is_let_go() -> None:
    found = sheets({VM: machine()}, "maps: [")
    assert found.problems
    assert (found.files, found.released) == ({}, frozenset())


def test_every_mistake_of_a_mapping_is_told_at_once() -> None:
    text = BEGUN + "    units: {a: b}\n    fields: {cores: {from: vcpus, as: [int]}, x: 'v cpus'}"
    assert len(sheets({VM: machine()}, text).problems) >= 3
