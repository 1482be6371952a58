"""A plan shows the step that another one makes necessary; the daemon takes it only once it is seen to be needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from setpoint.model.diff import Diff
from setpoint.model.hold import Rule
from setpoint.model.kind import Planning
from setpoint.model.outcome import Changed, Held
from setpoint.model.plan import Disruption, Step
from setpoint.run.pipeline import FORESEE
from tests.toy import BOX as BOX_KIND
from tests.toy import KINDS, BoxSpec, BoxState, plan_box
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]


def far_sighted(diff: Diff, planning: Planning[BoxSpec, BoxState]) -> tuple[Step, ...]:
    """The size of a box takes effect after a restart, which is known before it is set."""
    restart = Step("restart", "restart the box", diff.changes, Disruption.RESTART)
    return tuple(
        replace(step, then=restart) if step.verb == "set" else step for step in plan_box(diff, planning)
    )


@pytest.fixture(autouse=True)
def _far_sighted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "Box", replace(BOX_KIND, plan=far_sighted))


def summaries(report: Any) -> list[tuple[str, list[Rule]]]:
    return [(one.step.summary, [hold.rule for hold in one.holds]) for one in report.learned.planned]


def test_it_is_shown_with_what_would_hold_it(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        report = await rig.once(resource(BOX, {"size": 2}), FORESEE)
        assert summaries(report) == [("set size", []), ("restart the box", [Rule.REBOOT_PENDING])]
        assert report.outcome == Changed("set size")
        assert rig.world.effects == ["create"]

    rigged(body)


def test_it_counts_for_the_plan_of_others_when_nothing_holds_it(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        report = await rig.once(resource(BOX, {"size": 2}, reboot="whenNeeded"), FORESEE)
        assert summaries(report) == [("set size", []), ("restart the box", [])]
        assert [one.key for one in rig.store.disruptions()] == [BOX]

    rigged(body)


def test_what_a_held_step_would_make_necessary_is_not_shown(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        report = await rig.once(resource(BOX, {"size": 2}, manage="observe"), FORESEE)
        assert summaries(report) == [("set size", [Rule.MANAGE])]

    rigged(body)


def test_one_that_is_planned_already_is_shown_once(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1, "colour": "red"}))
        await rig.once(resource(BOX, {"size": 2, "colour": "red"}))
        report = await rig.once(resource(BOX, {"size": 2, "colour": "blue"}), FORESEE)
        assert [summary for summary, _ in summaries(report)] == ["set colour", "restart the box"]

    rigged(body)


def test_the_daemon_takes_it_only_when_it_is_seen_to_be_needed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1, "colour": "red"}))
        await rig.settle(resource(BOX, {"size": 1, "colour": "blue"}, reboot="whenNeeded"))
        assert rig.world.effects == ["create", "set"]
        assert isinstance((await rig.settle(resource(BOX, {"size": 2, "colour": "blue"}))).outcome, Held)

    rigged(body)
