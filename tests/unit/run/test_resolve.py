from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.outcome import Done, Stalled, Wait
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
LOCKED = {"colour": "red", "lock": {"env": "SETPOINT_TEST_LOCK"}}


@pytest.fixture(autouse=True)
def _code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETPOINT_TEST_LOCK", "1234")


def box(rig: Rig) -> dict[str, Any]:
    (thing,) = rig.world.things.values()
    return thing.fields


async def locked(rig: Rig) -> None:
    await rig.settle(resource(BOX, LOCKED))
    assert box(rig)["lock"] == "1234"


def test_a_secret_is_sent_once(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        effects = list(rig.world.effects)
        report = await rig.settle(resource(BOX, LOCKED))
        assert isinstance(report.outcome, Done)
        assert rig.world.effects == effects

    rigged(body)


def test_a_new_value_is_sent_although_the_declaration_is_the_same(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        monkeypatch.setenv("SETPOINT_TEST_LOCK", "5678")
        await rig.settle(resource(BOX, LOCKED))
        assert box(rig)["lock"] == "5678"

    rigged(body)


def test_a_secret_that_somebody_removed_is_set_again(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        del box(rig)["lock"]
        await rig.settle(resource(BOX, LOCKED))
        assert box(rig)["lock"] == "1234"

    rigged(body)


def test_without_memory_one_that_is_set_is_left_alone(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        effects = list(rig.world.effects)
        rig.store.forget_item(BOX)
        report = await rig.settle(resource(BOX, LOCKED))
        assert isinstance(report.outcome, Done)
        assert rig.world.effects == effects

    rigged(body)


def test_a_secret_that_cannot_be_read_suspends_its_own_field_only(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        monkeypatch.delenv("SETPOINT_TEST_LOCK")
        await rig.once(resource(BOX, {**LOCKED, "colour": "blue"}))
        report = await rig.once(resource(BOX, {**LOCKED, "colour": "blue"}))
        assert box(rig) == {**box(rig), "colour": "blue", "lock": "1234"}
        assert isinstance(report.outcome, Wait)
        healthy = next(c for c in rig.statuses[-1].conditions if c.type is ConditionType.HEALTHY)
        assert (healthy.status, healthy.reason) == (Truth.FALSE, "SecretMissing")
        assert "SETPOINT_TEST_LOCK" in healthy.message

        effects = list(rig.world.effects)
        monkeypatch.setenv("SETPOINT_TEST_LOCK", "1234")
        assert isinstance((await rig.settle(resource(BOX, {**LOCKED, "colour": "blue"}))).outcome, Done)
        assert rig.world.effects == effects

    rigged(body)


def test_nothing_is_made_without_its_secret(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(rig: Rig) -> None:
        monkeypatch.delenv("SETPOINT_TEST_LOCK")
        report = await rig.once(resource(BOX, LOCKED))
        assert isinstance(report.outcome, Stalled)
        assert rig.world.effects == []

    rigged(body)


def test_neither_value_nor_fingerprint_is_in_plan_status_or_journal(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.once(resource(BOX, LOCKED))
        await locked(rig)
        del box(rig)["lock"]
        await rig.once(resource(BOX, LOCKED))
        item = rig.store.item(BOX)
        assert item is not None
        assert item.applied is not None
        told = repr((rig.statuses, rig.store.history(BOX), rig.store.intent(BOX)))
        assert "1234" not in told
        assert str(item.applied["lock"]) not in told
        assert "1234" not in str(item.applied)

    rigged(body)


def test_outputs_are_published_and_kept_while_it_cannot_be_seen(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await locked(rig)
        assert rig.statuses[-1].outputs == {"number": 1, "colour": "red"}
        rig.world.down = True
        await rig.once(resource(BOX, LOCKED))
        assert rig.statuses[-1].outputs == {"number": 1, "colour": "red"}

    rigged(body)
