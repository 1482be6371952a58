"""The series of a resource: what each status shows, and that nothing stays of what left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.conditions import conditions
from setpoint.model.diff import Cause, Change
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.kind import Problem
from setpoint.model.origin import Origin
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Stalled, Wait
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.store.records import Status
from setpoint.surface.metrics.series import ResourceSeries
from tests.unit.surface.metrics.reading import families, series, value

KEY = Key("default", "Box", "b")
SHELF = Key("default", "Shelf", "s")
DRIFT = Change("/colour", "red", "blue", Cause.DRIFT)
HOLD = Hold(Rule.EXISTS, "something else is there", "remove it")


def declared(key: Key = KEY, spec_hash: str = "h", target: Key | None = SHELF) -> Resource:
    return Resource(key, {}, Policy(), Origin("x.yaml", 1, 1), spec_hash, target)


def status(outcome: Outcome, problems: tuple[Problem, ...] = (), **more: Any) -> Status:
    found = conditions(outcome, problems, (), generation="h", now=100.0)
    return Status(KEY, "h", "v", type(outcome).__name__, outcome.sentence, found, 100.0, **more)


def page(*pairs: tuple[Resource, Status | None]) -> str:
    resources = {resource.key: resource for resource, _ in pairs}
    statuses = {resource.key: found for resource, found in pairs if found is not None}
    text, _ = ResourceSeries({}).render(resources, statuses, 100.0)
    return text


def shown(text: str) -> dict[str, float]:
    """The conditions of the one resource."""
    return {labels["type"]: value for labels, value in series(text, "setpoint_resource_condition")}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(None, {"Ready": -1, "Synced": -1}, id="never looked at"),
        pytest.param(status(Done()), {"Ready": 1, "Synced": 1}, id="in sync"),
        pytest.param(
            status(Changed("x")), {"Ready": 0, "Synced": 0, "Progressing": 1}, id="a step was taken"
        ),
        pytest.param(status(Failed("x")), {"Ready": -1, "Synced": -1}, id="failed"),
        pytest.param(status(Blocked("x", SHELF)), {"Ready": -1, "Synced": -1}, id="blocked"),
        pytest.param(status(Stalled("x")), {"Ready": 0, "Synced": 0, "Stalled": 1}, id="stalled"),
        pytest.param(status(Held((HOLD,))), {"Ready": 0, "Synced": 0, "Held": 1}, id="held"),
        pytest.param(
            status(Done(), (Problem("Full", "it is full"),)),
            {"Ready": 0, "Synced": 1, "Healthy": 0},
            id="in sync and unhealthy",
        ),
        pytest.param(
            replace(status(Done()), spec_hash="before"),
            {"Ready": -1, "Synced": -1},
            id="seen under another declaration",
        ),
        pytest.param(
            replace(status(Done()), conditions=()), {"Ready": -1, "Synced": -1}, id="released and back"
        ),
    ],
)
def test_conditions_are_shown_always_or_while_they_call_for_attention(
    found: Status | None, expected: dict[str, float]
) -> None:
    assert shown(page((declared(), found))) == expected


def test_every_series_of_a_resource_bears_its_name_and_its_target() -> None:
    found = status(
        Held((HOLD,)), changes=(DRIFT,), holds=(HOLD,), drift_since=50.5, in_sync_at=40.25, attempts=2
    )
    text = page((declared(), found))
    name = {"namespace": "default", "kind": "Box", "name": "b", "target": "Shelf/s"}
    assert list(series(text, "setpoint_drifted_fields")) == [({**name, "group": "colour"}, 1)]
    assert list(series(text, "setpoint_drift_since_timestamp_seconds")) == [(name, 50.5)]
    assert list(series(text, "setpoint_last_success_timestamp_seconds")) == [(name, 40.25)]
    assert list(series(text, "setpoint_held_changes")) == [({**name, "rule": "Exists"}, 1)]
    assert all(name.items() <= labels.items() for labels, _ in series(text, "setpoint_resource_condition"))


def test_what_is_as_declared_has_no_series_of_drift_or_holds() -> None:
    text = page((declared(), status(Done(), in_sync_at=100.0)))
    for name in ("drifted_fields", "drift_since_timestamp_seconds", "held_changes"):
        assert not families(text)[f"setpoint_{name}"].samples


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(status(Failed("x"), attempts=3), [3.0], id="failed"),
        pytest.param(status(Wait("x", timedelta(0)), attempts=3), [3.0], id="tried again"),
        pytest.param(status(Blocked("x", SHELF)), [], id="blocked"),
        pytest.param(status(Stalled("x"), attempts=3), [], id="stalled, which is told by its condition"),
        pytest.param(
            replace(status(Failed("x"), attempts=3), spec_hash="before"), [], id="under another declaration"
        ),
    ],
)
def test_what_fails_is_told_apart_from_what_waits(found: Status, expected: list[float]) -> None:
    text = page((declared(), found))
    assert [value for _, value in series(text, "setpoint_failed_attempts")] == expected


def test_what_was_never_in_sync_has_no_last_success() -> None:
    assert not families(page((declared(), status(Failed("x")))))[
        "setpoint_last_success_timestamp_seconds"
    ].samples


def test_fields_and_holds_are_counted_by_group_and_rule() -> None:
    paths = ("/disks/scsi0/size", "/disks/scsi1/size", "/a~1b/c", "")
    changes = tuple(replace(DRIFT, path=path) for path in paths)
    holds = (HOLD, replace(HOLD, why="another one"), replace(HOLD, rule=Rule.RECREATE))
    text = page((declared(), status(Held(holds), changes=changes, holds=holds)))
    groups = {labels["group"]: value for labels, value in series(text, "setpoint_drifted_fields")}
    rules = {labels["rule"]: value for labels, value in series(text, "setpoint_held_changes")}
    assert groups == {"disks": 2, "a/b": 1, "object": 1}
    assert rules == {"Exists": 2, "Recreate": 1}


def test_what_cannot_be_seen_keeps_the_drift_that_was_known() -> None:
    found = status(Failed("x"), changes=(DRIFT,), known=False, drift_since=50.0)
    assert value(page((declared(), found)), "setpoint_drifted_fields", group="colour") == 1


def test_a_target_is_its_own_target() -> None:
    text = page((declared(SHELF, target=None), None))
    assert value(text, "setpoint_resource_condition", type="Ready", name="s", target="Shelf/s") == -1


def test_resources_are_counted_by_outcome() -> None:
    boxes = {key: declared(key) for key in (KEY, Key("default", "Box", "c"), Key("default", "Box", "d"))}
    found = dict.fromkeys(list(boxes)[:2], status(Done()))
    _, count = ResourceSeries({}).render(boxes, found, 100.0)
    assert count == {("Box", "Shelf/s", "Done"): 2, ("Box", "Shelf/s", "none"): 1}


class TestKept:
    """Text is kept from one scrape to the next."""

    def setup_method(self) -> None:
        self.series = ResourceSeries({})

    def page(self, resource: Resource | None, found: Status | None) -> str:
        resources = {resource.key: resource} if resource else {}
        return self.series.render(resources, dict.fromkeys(resources, found) if found else {}, 100.0)[0]

    def test_a_new_status_shows(self) -> None:
        assert shown(self.page(declared(), None))["Ready"] == -1
        assert shown(self.page(declared(), status(Done())))["Ready"] == 1
        assert shown(self.page(declared(), status(Failed("x"))))["Ready"] == -1

    def test_a_new_declaration_shows(self) -> None:
        found = status(Done())
        assert shown(self.page(declared(), found))["Ready"] == 1
        assert shown(self.page(declared(spec_hash="new"), found))["Ready"] == -1

    def test_a_new_target_shows(self) -> None:
        found, other = status(Done()), Key("default", "Shelf", "t")
        self.page(declared(), found)
        text = self.page(declared(target=other), found)
        assert {labels["target"] for labels, _ in series(text, "setpoint_resource_condition")} == {"Shelf/t"}

    def test_what_left_has_no_series(self) -> None:
        self.page(declared(), status(Done(), in_sync_at=1.0))
        assert not any(family.samples for family in families(self.page(None, None)).values())

    def test_what_comes_back_begins_anew(self) -> None:
        self.page(declared(), status(Done()))
        self.page(None, None)
        assert shown(self.page(declared(), None)) == {"Ready": -1, "Synced": -1}


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(name=TEXT, namespace=TEXT, path=TEXT)
def test_any_text_in_a_label_is_read_back_as_it_was(name: str, namespace: str, path: str) -> None:
    key = Key(namespace, "Box", name)
    escaped = path.replace("~", "~0").replace("/", "~1")
    found = status(Failed("x"), changes=(replace(DRIFT, path=f"/{escaped}"),))
    ((labels, _),) = series(page((declared(key), found)), "setpoint_drifted_fields")
    assert (labels["name"], labels["namespace"], labels["group"]) == (name, namespace, path)
