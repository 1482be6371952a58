"""What is read of a folder beside its exchanges: objects by pattern, parts that are compared, every file once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.load import reference
from tests.conformance.netbox.bulk import calculate, expanded
from tests.conformance.netbox.load import PARTIAL, described_folders, folders, load_trace
from tests.conformance.netbox.parts import PARTS
from tests.conformance.raw import as_object, objects, read

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = reference()
RECORDED = pytest.mark.skipif(
    not (REFERENCE / "netbox").exists(),
    reason=f"no recorded exchanges at {REFERENCE}; set SETPOINT_REFERENCE",
)


@pytest.mark.parametrize(
    ("expression", "value"), [("7+n", 12), ("1+n%3", 3), ("n//2*10", 20), ("n", 5), ("n//256%256", 0)]
)
def test_a_sum_of_n(expression: str, value: int) -> None:
    assert calculate(expression, 5) == value


@pytest.mark.parametrize("expression", ["m", "n-1", "f(n)", "n.real", "'n'"])
def test_what_is_no_sum_of_n_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="no sum of n"):
        calculate(expression, 5)


def test_objects_by_pattern_are_written_out() -> None:
    state: dict[str, Any] = {
        "objects": {"a/b": [{"id": 1}]},
        "bulk": [
            {
                "objects": "a/b",
                "count": 3,
                "pattern": {"id": {"=": "2+n"}, "name": "vm{n:03d}-{n*16:02X}", "fields": {"x": "{n+1}"}},
                "except": [{"n": [1, 2], "set": {"fields.y": "bulk", "flag": True}}],
            }
        ],
        "clock": "x",
    }
    assert expanded(state) == {
        "objects": {
            "a/b": [
                {"id": 1},
                {"id": 2, "name": "vm000-00", "fields": {"x": "1"}},
                {"id": 3, "name": "vm001-10", "fields": {"x": "2", "y": "bulk"}, "flag": True},
                {"id": 4, "name": "vm002-20", "fields": {"x": "3", "y": "bulk"}, "flag": True},
            ]
        },
        "clock": "x",
    }


PARTLY: dict[str, tuple[str, Any, Any, bool]] = {
    "the same keys": ("keys", {"a": 1}, {"a": 2}, True),
    "another key": ("keys", {"a": 1}, {"a": 1, "b": 1}, False),
    "less is supported": ("supported", {"a": 1, "b": 2}, {"a": 1}, True),
    "more is not": ("supported", {"a": 1}, {"a": 1, "b": 2}, False),
    "nothing is not": ("supported", {"a": 1}, {}, False),
    "a supported member counts": ("supported", {"a": 1, "b": 2}, {"a": 2}, False),
    "the form of a form": ("options", {"name": "x", "actions": {"PUT": {"a": 1}}}, {"name": "x", "actions": {"PUT": {"a": 2}}}, True),
    "another field": ("options", {"name": "x", "actions": {"PUT": {"a": 1}}}, {"name": "x", "actions": {"PUT": {"b": 1}}}, False),
    "another page": ("no json", "<html>a", "<html>b", True),
    "no page": ("no json", "<html>a", {"detail": "x"}, False),
    "a row of its shape": ("row", {"count": 2, "results": [{"id": 1}, {"id": 2}]}, {"count": 1, "results": [{"id": 9}]}, True),
    "a row of another": ("row", {"count": 2, "results": [{"id": 1}]}, {"count": 1, "results": [{"id": "1"}]}, False),
}  # fmt: skip


@pytest.mark.parametrize(("part", "recorded", "emulated", "alike"), PARTLY.values(), ids=PARTLY)
def test_a_part_of_a_reply(part: str, recorded: Any, emulated: Any, *, alike: bool) -> None:
    left, right = PARTS[part](recorded, emulated)
    assert (left == right) is alike


def change(kind: str, action: str, text: str = "x") -> dict[str, Any]:
    return {"changed_object_type": f"netbox_dns.{kind}", "action": {"value": action}, "object_repr": text}


def told(*rows: dict[str, Any]) -> tuple[Any, Any]:
    recorded: Any = {"results": [change("record", "delete"), change("record", "create")]}
    emulated: Any = {"results": list(rows)}
    return PARTS["changes"](recorded, emulated)


def test_changes_are_alike_but_for_what_a_new_second_writes() -> None:
    serial = [change("zone", "update"), change("record", "update", "example.org [SOA]")]
    same, ours = told(change("record", "delete"), *serial, change("record", "create"))
    assert same == ours
    other, ours = told(change("record", "create"), change("record", "delete"))
    assert other != ours
    none, ours = told()
    assert none != ours


@RECORDED
def test_the_listed_parts_are_those_of_the_recording() -> None:
    listed = {(item["folder"], item["file"]) for item in objects(read(PARTIAL))}
    described = described_folders(REFERENCE)
    assert listed == {
        (name, file)
        for name, about in described.items()
        for file in as_object(as_object(about).get("compare"))
    }
    assert {str(item["part"]) for item in objects(read(PARTIAL))} <= set(PARTS)


@RECORDED
@pytest.mark.parametrize(
    "path", folders(REFERENCE) if (REFERENCE / "netbox").exists() else [], ids=lambda path: path.name
)
def test_every_file_of_a_folder_is_an_entry_once(path: Path) -> None:
    trace = load_trace(REFERENCE, path)
    files = {file.name for file in path.glob("*.json")} - {"SETUP.json"}
    assert set(trace.names) == files
    assert sorted(trace.setup.order) == list(range(len(files)))
