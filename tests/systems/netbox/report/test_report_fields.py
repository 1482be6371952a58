"""Which custom fields are written, by what an object holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.model.standing import Stand
from setpoint.systems import installed_systems
from setpoint_netbox.report.feedback import feedback
from setpoint_netbox.report.fields import Values, decide, held_phase, wanted
from setpoint_netbox.report.settings import FieldNames
from tests.systems.netbox.report.telling import NAMES, standing

MESSAGE = "setpoint_message"


def test_everything_known_is_wanted_under_the_names_that_the_settings_give() -> None:
    names = FieldNames.model_validate({"node": None, "vmid": "proxmox_vmid"})
    assert wanted(standing(drift=("/memory", "/nics/net0")), names) == {
        "setpoint_phase": "inSync",
        "setpoint_message": "in sync",
        "setpoint_observed_hash": "0123456789abcdef",
        "proxmox_vmid": 102,
        "setpoint_addresses": "10.0.0.2, fd00::2",
        "setpoint_drift": "/memory, /nics/net0",
    }


def test_what_is_not_known_is_left_as_it_is_and_what_is_gone_is_taken_out() -> None:
    places = {"pve_vmid", "pve_node", "setpoint_addresses"}
    assert wanted(standing(outputs={}, identity={}), NAMES).keys().isdisjoint(places)
    for phase in (Stand.DELETED, Stand.RELEASED):
        target = wanted(standing(phase=phase), NAMES)
        assert {name: target[name] for name in places} == dict.fromkeys(places)


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({"address": "10.0.0.9"}, "10.0.0.9"),
        ({"addresses": {"v4": [], "v6": ["fd00::9"]}, "address": "x"}, "fd00::9"),
        ({"addresses": None, "address": None}, None),
        ({"addresses": "odd", "address": 7}, None),
    ],
    ids=["only-where-it-is-reached", "all-before-that", "none", "of-another-shape"],
)
def test_addresses_are_a_text(outputs: dict[str, Any], told: str | None) -> None:
    assert wanted(standing(outputs=outputs), NAMES).get("setpoint_addresses") == told


DECISIONS: dict[str, tuple[Values, dict[str, Any], Values]] = {
    "nothing-there": ({"a": "x"}, {"a": None}, {"a": "x"}),
    "right-already": ({"a": "x", "n": 7}, {"a": "x", "n": 7}, {}),
    "one-of-two": ({"a": "x", "n": 7}, {"a": "x", "n": 8}, {"n": 7}),
    "others-are-nobodys-business": ({"a": "x"}, {"a": "x", "theirs": "y"}, {}),
    "a-selection-of-4.7": ({"a": "x"}, {"a": {"value": "x", "label": "X"}}, {}),
    "another-selection-of-4.7": ({"a": "x"}, {"a": {"value": "y", "label": "Y"}}, {"a": "x"}),
    "empty-is-none": ({"a": None}, {"a": ""}, {}),
    "taken-out": ({"a": None}, {"a": "x"}, {"a": None}),
    "a-number-in-a-text": ({"n": 7}, {"n": "7"}, {}),
    "another-number-in-a-text": ({"n": 7}, {"n": "8"}, {"n": "7"}),
    "none-such": ({"a": "x", "b": "y"}, {"a": None}, {"a": "x"}),
    "only-numbers-moved": ({MESSAGE: "34 % at 10:07"}, {MESSAGE: "12 % at 10:06"}, {}),
    "numbers-moved-and-more": (
        {MESSAGE: "34 %", "a": "x"},
        {MESSAGE: "12 %", "a": "y"},
        {MESSAGE: "34 %", "a": "x"},
    ),
    "words-moved": ({MESSAGE: "no disk"}, {MESSAGE: "no node"}, {MESSAGE: "no disk"}),
    "numbers-of-another-field": ({"a": "10.0.0.1"}, {"a": "10.0.0.2"}, {"a": "10.0.0.1"}),
}


@pytest.mark.parametrize(("target", "held", "changes"), DECISIONS.values(), ids=DECISIONS)
def test_only_what_differs_is_written(target: Values, held: dict[str, Any], changes: Values) -> None:
    patch = decide(target, held, MESSAGE)
    assert patch.changes == changes
    assert patch.missing == target.keys() - held.keys()


_VALUES = st.one_of(st.none(), st.integers(0, 99), st.text("ab 1", max_size=4))
_FIELDS = st.dictionaries(st.sampled_from("abcm"), _VALUES, max_size=4)


@given(_FIELDS, _FIELDS)
def test_what_was_written_is_right_and_nothing_else_was_touched(target: Values, held: Values) -> None:
    patch = decide(target, held, "m")
    after = {**held, **patch.changes}
    assert not decide(target, after, "m").changes
    assert patch.changes.keys() <= target.keys() & held.keys()


@given(_FIELDS, _FIELDS, st.sampled_from("abcm"), _VALUES)
def test_what_somebody_writes_into_another_field_changes_no_decision(
    target: Values, held: Values, name: str, value: str | int | None
) -> None:
    if name not in target:
        assert decide(target, {**held, name: value}, "m").changes == decide(target, held, "m").changes


def test_the_phase_that_is_shown_is_read_in_both_shapes() -> None:
    assert held_phase({"setpoint_phase": {"value": "failed", "label": "Failed"}}, NAMES) == "failed"
    assert held_phase({"setpoint_phase": "failed"}, NAMES) == "failed"
    assert held_phase({"setpoint_phase": "failed"}, FieldNames(phase=None)) is None


@pytest.mark.parametrize(
    ("told", "problem"),
    [({"phase": "a b"}, "is no name of a custom field"), ({"phase": "x", "node": "x"}, "'x' is named twice")],
    ids=["no-name", "twice"],
)
def test_names_that_cannot_be_are_refused(told: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        FieldNames.model_validate(told)


@pytest.mark.parametrize(
    ("node", "told"),
    [("proxmox_node", ["node"]), ("proxmox_node_name", []), ("pve_node", []), (None, [])],
    ids=["read", "another-name", "not-read", "not-written"],
)
def test_a_field_that_is_written_and_that_a_map_reads_is_told(node: str | None, told: list[str]) -> None:
    maps = ["fields: {node: [custom_fields.setpoint_node, custom_fields.proxmox_node]}", "name: name"]
    found = list(feedback(FieldNames(node=node), maps))
    assert [one.split()[0] for one in found] == [f"writeBack.fields.{what}" for what in told]


def test_no_map_that_a_system_lends_reads_a_field_that_is_written_unless_another_is_named() -> None:
    lent = [system.lends["netbox"]() for system in installed_systems() if "netbox" in system.lends]
    assert len(lent) > 1
    assert list(feedback(NAMES, lent)) == []
