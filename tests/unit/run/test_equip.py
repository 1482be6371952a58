"""What an act works with beside its own target: nobody waits for it, and only an act that asks for it needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.key import Key
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult
from setpoint.model.reference import Name
from setpoint.model.secret import SecretRef
from setpoint.run.lane import Lane
from tests.toy import KINDS, WORLDS, World, create_box
from tests.unit.run.conftest import BOX, SHELF, Rig, resource

OTHER = Key("default", "Shelf", "other")
Go = Callable[[Callable[[Rig], Awaitable[None]]], None]


@dataclass
class Lonely(Rig):
    """Nothing else is in sync."""

    others: dict[Key, Lane] = field(default_factory=dict[Key, Lane])

    def _ready(self, key: Key) -> bool:
        return key == SHELF

    def _lane_at(self, target: Key) -> Lane | None:
        return self.others.get(target)


def equipped(monkeypatch: pytest.MonkeyPatch, ask: Callable[[Acting], Any], key: Path) -> list[Any]:
    """Boxes whose making asks for something; and what it got."""
    got: list[Any] = []

    async def create(world: World, acting: Acting) -> ActResult:
        got.append(ask(acting))
        return await create_box(world, acting)

    kind: Any = replace(
        KINDS["Box"],  # type: ignore[arg-type]  # a dict
        acts={**KINDS["Box"].acts, "create": create},
        keys=partial(_same, {"signing": SecretRef(file=str(key))}),
        ways=partial(_same, (Name("other", "Shelf"), Name("other", "Shelf"))),
    )
    monkeypatch.setitem(KINDS, "Box", kind)
    return got


def _same(what: Any, _: Any) -> Any:
    return what


def box() -> Any:
    return replace(resource(BOX, {"size": 1}), references=(OTHER, SHELF))


@pytest.mark.parametrize("there", [True, False], ids=["in force", "not in force"])
def test_an_act_goes_to_another_target_that_it_did_not_wait_for(
    rigged: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, there: bool
) -> None:
    got = equipped(monkeypatch, lambda acting: acting.way("other"), tmp_path / "none")

    async def body(rig: Rig) -> None:
        other, lane = World(), Lane(OTHER, KINDS["Shelf"], rig.ports)
        WORLDS["other"] = other
        await lane.declare(resource(OTHER, {"world": "other"}))
        lonely = Lonely(rig.world, rig.store, rig.lane, rig.ports, others={OTHER: lane} if there else {})
        report = await lonely.once(box())
        if there:
            assert got == [other]
            assert rig.world.things
        else:
            assert "Shelf/other is not in force, and Box/b needs it" in report.outcome.sentence
            assert not rig.world.things

    rigged(body)


def test_a_key_is_read_when_it_is_asked_for(
    rigged: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "key"
    place.write_text("opens\n")
    place.chmod(0o600)
    got = equipped(monkeypatch, lambda acting: acting.key("signing").reveal(), place)

    async def body(rig: Rig) -> None:
        await rig.once(replace(box(), references=(SHELF,)))
        assert got == ["opens"]
        # It is no part of what is compared.
        place.write_text("another\n")
        await rig.settle(replace(box(), references=(SHELF,)))
        assert got == ["opens"]

    rigged(body)


@pytest.mark.parametrize("asks", [True, False], ids=["asked for", "not asked for"])
def test_a_key_that_cannot_be_read_stops_only_who_asks_for_it(
    rigged: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, asks: bool
) -> None:
    equipped(monkeypatch, lambda acting: acting.key("signing") if asks else None, tmp_path / "none")

    async def body(rig: Rig) -> None:
        report = await rig.once(replace(box(), references=(SHELF,)))
        assert ("cannot be read" in report.outcome.sentence) is asks
        assert bool(rig.world.things) is not asks
        assert rig.store.intent(BOX) is None

    rigged(body)
