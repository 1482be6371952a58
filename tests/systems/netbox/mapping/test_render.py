"""Sheets: what went in is what the engine reads, only what changed is made again, and nothing is ever deleted by a mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.desired.changes import retain
from setpoint.desired.compile import compile_set
from setpoint.desired.node import plain
from setpoint.desired.reader import read
from setpoint.model.key import Key
from setpoint_netbox.content import Released, State, encode_view, make_content
from setpoint_netbox.mapping import render
from setpoint_netbox.mapping.branch import Branch, Cell
from setpoint_netbox.mapping.making import make
from setpoint_netbox.mapping.render import Renderer
from setpoint_netbox.mapping.sheet import written
from setpoint_netbox.mapping.trouble import TroubleError
from tests.systems.netbox.mapping.views import (
    BESIDE,
    KINDS,
    LENT,
    OWN,
    VM,
    choice,
    compiled,
    machine,
    named,
    nic,
    sheet,
    sheets,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
NUMBER = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALAR = TEXT | NUMBER | st.booleans()
VALUE = SCALAR | st.lists(SCALAR | st.dictionaries(TEXT, SCALAR, max_size=3), max_size=4)
CELL = st.builds(Cell, VALUE, st.text(max_size=40))
BRANCH: st.SearchStrategy[Branch] = st.recursive(
    st.dictionaries(TEXT, CELL, min_size=1, max_size=4),
    lambda below: st.dictionaries(TEXT, CELL | below, min_size=1, max_size=4),
    max_leaves=12,
)


def bare(branch: Branch) -> dict[str, Any]:
    return {name: one.value if isinstance(one, Cell) else bare(one) for name, one in branch.items()}


@settings(max_examples=60, deadline=None)
@given(BRANCH)
def test_the_strict_reader_takes_just_what_went_in(branch: Branch) -> None:
    parsed = read("@netbox/x.yaml", written(branch))
    assert [str(problem) for problem in parsed.problems] == []
    (document,) = parsed.documents
    assert plain(document.root) == bare(branch)


@settings(max_examples=60, deadline=None)
@given(BRANCH)
def test_every_leaf_has_a_line_of_its_own_that_ends_with_its_origin(branch: Branch) -> None:
    lines = written(branch).decode().split("\n")
    for line in lines[:-1]:
        assert line.endswith(":") or "#" not in line.rpartition("  # ")[2]
        assert line.endswith(":") or "  # " in line
    assert lines[-1] == ""


@pytest.mark.parametrize("value", ["a\0b", "\ud800", float("nan"), float("inf")], ids=repr)
def test_what_can_be_in_no_file_is_refused(value: Any) -> None:
    with pytest.raises(TroubleError):
        written({"a": Cell(value, "x")})


def test_a_text_that_no_file_can_hold_refuses_its_object_alone() -> None:
    text = sheet(machine(description="a\0b"))
    assert "a text holds a sign that no file can hold; remove it in NetBox" in text
    assert "name: web01" in text


VIEWS = st.builds(
    machine,
    name=st.sampled_from(["web01", "web02", "WEB03", "Web 04", "", "db.example.org"]),
    vcpus=st.sampled_from([None, 1.0, 2.5, "4.00"]),
    memory=st.sampled_from([None, 4, 4096, 1_000_000_000]),
    disk=st.sampled_from([None, 20, 20480]),
    status=st.sampled_from(["active", "planned", "decommissioning", "offline"]).map(choice),
    description=TEXT,
    custom_fields=st.dictionaries(
        st.sampled_from(["proxmox_vmid", "setpoint_vmid", "proxmox_vm_type"]), SCALAR
    ),
    interfaces=st.lists(st.sampled_from(["net0", "eth1", "lan"]).map(lambda name: nic(1, name)), max_size=2),
)
ESTATES = st.dictionaries(
    st.integers(1, 6).map(lambda n: f"virtualization.virtualmachine/{n}"), VIEWS, max_size=6
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ESTATES, min_size=1, max_size=3), st.dictionaries(st.just(VM), TEXT))
def test_what_is_made_again_is_what_is_made_from_nothing(estates: list[Any], names: dict[str, str]) -> None:
    by = Renderer(LENT, KINDS)
    for estate in estates:
        found = sheets(estate, by=by, renamed=names)
        assert found == sheets(estate, renamed=names)
        assert {path.removesuffix(".yaml") for path in found.files.keys() | found.released} == {*estate}
        assert not found.problems
        assert all(
            "deletion: " in text.decode() or "refused: " in text.decode() for text in found.files.values()
        )


@settings(max_examples=15, deadline=None)
@given(ESTATES)
def test_every_sheet_is_valid_yaml_and_what_is_wrong_in_one_takes_nothing_from_another(estate: Any) -> None:
    found = sheets(estate)
    assert all(not read(path, text).problems for path, text in found.files.items())
    assert not compiled(found).tainted


def test_of_many_objects_only_what_changed_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    estate = {f"virtualization.virtualmachine/{n}": machine(id=n, name=f"vm{n}") for n in range(500)}
    by, asked = Renderer(LENT, KINDS), list[str]()

    def counted(path: str, *rest: Any) -> Any:
        asked.append(path)
        return make(path, *rest)

    monkeypatch.setattr(render, "make", counted)
    before = sheets(estate, by=by)
    asked.clear()
    after = sheets({**estate, VM: machine(name="vm17", memory=8192)}, by=by)
    assert asked == [VM]
    assert [path for path, text in after.files.items() if before.files[path] is not text] == [f"{VM}.yaml"]


def test_a_new_mapping_makes_all_of_them_again() -> None:
    by = Renderer(LENT, KINDS)
    sheets({VM: machine()}, by=by)
    again = sheets({VM: machine()}, OWN + "maps: {virtual-machines: {fields: {cores: {value: 7}}}}", by=by)
    assert b"cores: 7" in again.files[f"{VM}.yaml"]


def test_a_renamed_object_says_what_it_was() -> None:
    text = sheets({VM: machine(name="web02")}, renamed={VM: "WEB01"}).files[f"{VM}.yaml"].decode()
    assert "formerly: web01" in text
    assert (
        Key("default", "VirtualMachine", "web02") in compiled(sheets({VM: machine(name="web02")})).resources
    )


def test_one_renamed_to_what_is_the_same_name_here_says_nothing_of_it() -> None:
    assert "formerly" not in sheets({VM: machine()}, renamed={VM: "Web01"}).files[f"{VM}.yaml"].decode()


def kept_after(before: Any, now: Any) -> frozenset[Key]:
    """What stays in force, without being valid, when one state of sheets follows another."""
    then = compiled(before)
    return retain(then.resources, compiled(now)).retained


def test_an_object_renamed_to_no_name_stays_in_force_under_the_one_before() -> None:
    bad = sheets({VM: machine(name="Web 01")}, renamed={VM: "web01"})
    text = bad.files[f"{VM}.yaml"].decode()
    assert "'web 01' is no name of a VirtualMachine, which is made of" in text
    assert "add `as: slug` to `name` in the map virtual-machines" in text
    assert kept_after(sheets({VM: machine()}), bad) == {Key("default", "VirtualMachine", "web01")}


def test_an_object_that_never_had_a_name_is_left_out_let_go_and_told() -> None:
    found = sheets({VM: machine(name="Web 01")})
    assert (found.files, found.released) == ({}, {f"{VM}.yaml"})
    (note,) = found.notes
    assert note.startswith("virtual-machines/17 Web 01 is left out: 'web 01' is no name of a VirtualMachine")
    assert not compiled(found).tainted


def test_a_bad_number_keeps_its_object_in_force_as_it_was_and_hides_no_other() -> None:
    good, bad = sheets({VM: machine()}), sheets({VM: machine(memory=4)})
    done = compiled(bad)
    (problem,) = done.problems
    assert str(problem) == (
        f"@netbox/{VM}.yaml:1:1: memory 4, read as MiB, is less than 128MiB (netbox virtual-machines/17 web01); "
        "correct the number in NetBox, or say what it counts in units.memory of the map virtual-machines, e.g. GiB; if it is meant so, lower `least` in the rule"
    )
    assert kept_after(good, bad) == {Key("default", "VirtualMachine", "web01")}
    assert not done.tainted
    assert not bad.notes


def test_a_tiny_disk_never_becomes_a_tiny_disk() -> None:
    assert "disk 20, read as MiB, is less than 1GiB" in sheet(machine(disk=20))
    assert "size: 20GiB" in sheet(machine(disk=20), OWN + "maps: {virtual-machines: {units: {disk: GiB}}}")


def test_a_namespace_that_is_none_is_told_as_a_name_is() -> None:
    found = sheets(
        {VM: machine(custom_fields={"ns": "A B"})},
        OWN + "maps: {virtual-machines: {namespace: custom_fields.ns}}",
    )
    assert (
        "'A B' is no namespace, which is made of a-z, 0-9 and -; add `as: slug` to `namespace`"
        in found.notes[0]
    )


def test_what_no_map_takes_is_counted_and_let_go() -> None:
    found = sheets(
        {"ipam.prefix/3": {"id": 3, "prefix": "192.0.2.0/24"}, "ipam.vlan/4": {"id": 4}, "ipam.vlan/5": {}}
    )
    assert found.files == {}
    assert found.released == {"ipam.prefix/3.yaml", "ipam.vlan/4.yaml", "ipam.vlan/5.yaml"}
    assert found.notes == (
        "1 of the prefixes is not declared, for no map takes it",
        "2 of the vlans are not declared, for no map takes them",
    )


def test_what_a_map_leaves_out_is_counted_and_let_go() -> None:
    found = sheets({VM: machine(status=choice("planned"))})
    assert (found.files, found.released) == ({}, {f"{VM}.yaml"})
    assert found.notes == ("1 of the objects is not declared, as leaveOut of the map virtual-machines says",)


def test_what_the_watcher_lets_go_stays_let_go() -> None:
    path = "virtualization.virtualmachine/99"
    assert sheets({}, released={path: Released("the tag was removed", 1.0)}).released == {f"{path}.yaml"}


def test_many_troubles_are_told_of_a_hundred_and_counted() -> None:
    found = sheets({f"virtualization.virtualmachine/{n}": machine(name="a b") for n in range(130)})
    assert len(found.notes) == 101
    assert found.notes[-1] == "30 more objects are left out for reasons of that sort"


def test_a_mapping_where_nobody_reads_it_is_told() -> None:
    files = {"prod/netbox.yaml": OWN.encode(), "netbox.yml": OWN.encode(), "my-netbox.yaml": b"kind: Pool"}
    found = Renderer(LENT, KINDS).sheets(make_content({}, State()), files)
    told = "is a mapping and is not read; there is one, netbox.yaml at the root of the declarations"
    assert found.notes == (f"prod/netbox.yaml {told}", f"netbox.yml {told}")


def test_clusters_can_be_told_apart_by_namespaces() -> None:
    other = machine(id=18, cluster=named(2, "Other_Lab"))
    mapping = OWN + "maps: {virtual-machines: {namespace: {from: cluster.name, as: slug}}}"
    found = sheets({VM: machine(), "virtualization.virtualmachine/18": other}, mapping)
    texts = b"".join(found.files.values())
    assert b"namespace: homelab " in texts
    assert b"namespace: other-lab " in texts


def test_a_view_that_is_none_costs_only_itself() -> None:
    content = make_content(
        {VM: encode_view(machine()), "ipam.vlan/1": b"\xff", "ipam.vlan/2": b"[]"}, State()
    )
    assert set(Renderer(LENT, KINDS).sheets(content, {}).files) == {f"{VM}.yaml"}


def test_two_objects_of_one_name_are_both_told_and_neither_is_guessed() -> None:
    other = "virtualization.virtualmachine/18"
    done = compiled(sheets({VM: machine(), other: machine(id=18)}))
    assert any("VirtualMachine/web01 is declared by @netbox/" in str(problem) for problem in done.problems)
    assert done.broken == {Key("default", "VirtualMachine", "web01")}


def test_a_sheet_gets_the_defaults_of_the_repository_by_its_labels() -> None:
    defaults = b"kind: VirtualMachine\nlabels: {role: web}\nspec: {balloon: 1GiB}\n"
    files = {f"@netbox/{path}": text for path, text in sheets({VM: machine()}).files.items()}
    done = compile_set({**BESIDE, **files, "defaults.yaml": defaults}, KINDS, version="1")
    assert done.resources[Key("default", "VirtualMachine", "web01")].spec["balloon"] == "1GiB"


JSON = st.recursive(
    st.none() | SCALAR | st.floats(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(TEXT | st.sampled_from(["id", "name", "value"]), below, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*machine()]), JSON, max_size=5),
    st.dictionaries(st.sampled_from([*nic(1, "a")]), JSON, max_size=4),
)
def test_whatever_stands_in_an_object_costs_no_more_than_that_object(
    odd: dict[str, Any], card: dict[str, Any]
) -> None:
    other = "virtualization.virtualmachine/18"
    view = {**machine(interfaces=[{**nic(1, "net0"), **card}]), **odd}
    content = make_content(
        {VM: json.dumps(view).encode(), other: encode_view(machine(id=18, name="other"))}, State()
    )
    found = Renderer(LENT, KINDS).sheets(content, {})
    assert not found.problems
    assert (
        found.files[f"{other}.yaml"] == sheets({other: machine(id=18, name="other")}).files[f"{other}.yaml"]
    )
    assert all(not read(path, text).problems for path, text in found.files.items())
    assert found.files.keys() | found.released == {f"{VM}.yaml", f"{other}.yaml"}
