"""The daemon's own guest, and what it depends on, wait for a person to restart them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.limit import Caution
from setpoint.model.outcome import Done, Held
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
PLAIN = "0b0e4c716a0e4a6c9a630b7f2d9d3a01"
UUID = "0B0E4C71-6A0E-4A6C-9A63-0B7F2D9D3A01"


@pytest.mark.parametrize(
    ("caution", "says"),
    [
        pytest.param(Caution(needed=frozenset({BOX})), "is named by `self`", id="named"),
        pytest.param(
            Caution(machines=frozenset({PLAIN})), "is the machine that Setpoint runs on", id="found"
        ),
        pytest.param(Caution(needed=frozenset({Key("default", "Box", "other")})), "", id="another is named"),
        pytest.param(Caution(machines=frozenset({"1" * 31 + "2"})), "", id="it runs elsewhere"),
    ],
)
def test_it_is_changed_and_not_restarted(rigged: Rigged, caution: Caution, says: str) -> None:
    async def body(rig: Rig) -> None:
        rig.caution = caution
        await rig.settle(resource(BOX, {"size": 1}))
        (thing,) = rig.world.things.values()
        thing.fields["uuid"] = UUID
        outcome = (await rig.settle(resource(BOX, {"size": 2}, reboot="whenNeeded"))).outcome
        if says:
            assert isinstance(outcome, Held)
            assert [hold.rule for hold in outcome.holds] == [Rule.SELF]
            assert says in outcome.sentence
            thing.fields.update(thing.pending)
            thing.pending.clear()
            outcome = (await rig.settle(resource(BOX, {"size": 2}, reboot="whenNeeded"))).outcome
        assert isinstance(outcome, Done)
        assert rig.world.effects.count("restart") == (0 if says else 1)

    rigged(body)


def test_a_new_name_does_not_take_the_protection_away(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.caution = Caution(needed=frozenset({Key("default", "Box", "old")}))
        named = replace(resource(BOX, {"size": 1}), formerly=Key("default", "Box", "old"))
        await rig.settle(named)
        grown = replace(resource(BOX, {"size": 2}, reboot="whenNeeded"), formerly=named.formerly)
        assert isinstance((await rig.settle(grown)).outcome, Held)

    rigged(body)
