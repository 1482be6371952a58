"""Kinds that read only what a new declaration touches: what the engine lets rest on that, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Observation, Present
from setpoint.model.outcome import Changed, Done, Failed, Wait
from setpoint.model.resource import Resource
from setpoint.run.pipeline import FORESEE, LOOK
from tests.toy import KINDS, BoxSpec, BoxState, World, lose_reply, observe_box
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
RED, BLUE = (
    resource(BOX, {"colour": "red", "labels": ["new"]}),
    resource(BOX, {"colour": "blue", "labels": ["new"]}),
)


@dataclass
class Eye:
    """Looks at boxes: at all of one, or only at the fields that are declared otherwise than they were seen to be.

    Attributes:
        looks: how each was: `full` or `part`.
    """

    looks: list[str] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)

    async def observe(self, world: World, looking: Looking[BoxSpec]) -> Observation[BoxState]:
        found = await observe_box(world, looking)
        self.looks.append("part" if looking.touched_alone else "full")
        if not isinstance(found, Present):
            return found
        if not looking.touched_alone:
            self.seen = found.state.fields
            return found
        wanted = looking.spec.model_dump(mode="json", exclude_unset=True)
        touched = {
            name: found.state.fields.get(name) for name in wanted if self.seen.get(name) != wanted[name]
        }
        return replace(found, state=replace(found.state, fields={**self.seen, **touched}), partial=True)

    def since(self) -> list[str]:
        """The looks since this was asked last."""
        looks, self.looks = self.looks, []
        return looks


@pytest.fixture
def eye(monkeypatch: pytest.MonkeyPatch) -> Eye:
    made = Eye()
    monkeypatch.setitem(KINDS, "Box", replace(KINDS["Box"], observe=made.observe))
    return made


async def settled(rig: Rig, eye: Eye, declared: Resource = RED) -> None:
    """In sync, and known to be."""
    await rig.settle(declared)
    assert rig.statuses[-1].outcome == "Done"
    eye.since()


def test_a_step_may_follow_from_a_part_and_that_it_is_in_sync_only_from_all(rigged: Rigged, eye: Eye) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        assert isinstance((await rig.once(BLUE)).outcome, Changed)
        assert eye.since() == ["part"]
        assert isinstance((await rig.once(BLUE)).outcome, Done)
        assert eye.since() == ["full"]
        assert rig.world.things[1].fields == {"colour": "blue", "labels": ["new"]}

    rigged(body)


def test_what_a_hand_did_to_what_was_not_looked_at_is_seen_right_behind_the_step(
    rigged: Rigged, eye: Eye
) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        rig.world.things[1].fields["labels"] = ["old"]
        assert isinstance((await rig.once(BLUE)).outcome, Changed)
        assert rig.world.things[1].fields == {"colour": "blue", "labels": ["old"]}
        await rig.settle(BLUE)
        assert rig.world.things[1].fields == {"colour": "blue", "labels": ["new"]}

    rigged(body)


def test_a_change_that_makes_no_difference_there_is_in_sync_only_after_all_was_looked_at(
    rigged: Rigged, eye: Eye
) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        rig.world.things[1].fields["labels"] = ["old"]
        other = resource(BOX, {"colour": "red", "labels": ["new"]}, interval="5m")
        assert isinstance((await rig.once(other)).outcome, Changed)
        assert eye.since() == ["part", "full"]
        assert rig.world.things[1].fields == {"colour": "red", "labels": ["new"]}

    rigged(body)


def test_what_may_not_be_corrected_is_shown_by_all_that_is_there(rigged: Rigged, eye: Eye) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        watched = resource(BOX, {"colour": "blue", "labels": ["new"]}, manage="observe")
        rig.world.things[1].fields["labels"] = ["old"]
        report = await rig.once(watched)
        assert eye.since() == ["part", "full"]
        assert report.learned.found is not None
        assert {change.path for change in report.learned.found.changes} == {"/colour", "/labels"}
        assert rig.world.effects == ["create"]

    rigged(body)


@pytest.mark.parametrize("stages", [LOOK, FORESEE], ids=["look", "foresee"])
def test_whoever_only_shows_what_would_be_done_looks_at_all(rigged: Rigged, eye: Eye, stages: Any) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        rig.world.things[1].fields["labels"] = ["old"]
        report = await rig.once(BLUE, stages)
        assert eye.since() == ["full"]
        assert report.learned.found is not None
        assert {change.path for change in report.learned.found.changes} == {"/colour", "/labels"}

    rigged(body)


def test_after_a_failure_nothing_rests_on_a_part(rigged: Rigged, eye: Eye) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)

        def refuse(moment: str, verb: str) -> None:
            raise RefusalError("the shelf refuses")

        rig.world.fault = refuse
        assert isinstance((await rig.once(BLUE)).outcome, Failed)
        assert eye.since() == ["part"]
        rig.world.fault = lambda moment, verb: None
        assert isinstance((await rig.once(BLUE)).outcome, Changed)
        assert eye.since() == ["full"]

    rigged(body)


def test_a_reply_that_was_lost_is_searched_for_in_all(rigged: Rigged, eye: Eye) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        rig.world.fault = lose_reply
        assert isinstance((await rig.once(BLUE)).outcome, Wait)
        rig.world.fault = lambda moment, verb: None
        eye.since()
        await rig.settle(BLUE)
        assert set(eye.since()) == {"full"}
        assert rig.world.effects == ["create", "set"]

    rigged(body)


def test_whoever_asks_for_a_look_gets_one_at_all(rigged: Rigged, eye: Eye) -> None:
    async def body(rig: Rig) -> None:
        await settled(rig, eye)
        number = rig.store.request([BOX], "anna", 0.0, "v1")[BOX]
        await rig.once(BLUE)
        assert eye.since() == ["full"]
        await rig.settle(BLUE)
        assert rig.statuses[-1].handled == number

    rigged(body)
