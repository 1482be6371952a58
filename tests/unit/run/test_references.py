"""What is waited for: that everything a resource needs is in sync, or only there for one that does no more than name it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.key import Key
from setpoint.model.outcome import Blocked
from setpoint.store.records import Item
from tests.toy import KINDS
from tests.unit.run.conftest import BOX, SHELF, Rig, resource

OTHER = Key("default", "Box", "other")


class Demanding(Rig):
    """Nothing is in sync."""

    def _ready(self, key: Key) -> bool:
        return key == SHELF


@pytest.mark.parametrize(
    ("names_only", "seen_at", "released", "waits"),
    [
        pytest.param(False, 1.0, False, True, id="needs it in sync"),
        pytest.param(True, 1.0, False, False, id="only names it"),
        pytest.param(True, 0.0, False, True, id="only names it, and it was never seen"),
        pytest.param(True, 1.0, True, True, id="only names it, and it was let go of"),
        pytest.param(True, None, False, True, id="only names it, and nothing is known of it"),
    ],
)
def test_what_only_names_another_waits_until_that_is_there(
    rigged: Callable[[Callable[[Rig], Awaitable[None]]], None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    names_only: bool,
    seen_at: float | None,
    released: bool,
    waits: bool,
) -> None:
    monkeypatch.setitem(KINDS, "Box", replace(KINDS["Box"], names_only=names_only))  # type: ignore[arg-type]  # a dict

    async def body(rig: Rig) -> None:
        rig = Demanding(rig.world, rig.store, rig.lane, rig.ports)
        if seen_at is not None:
            rig.store.save_item(Item(OTHER, SHELF, {"id": 9}, {}, seen_at, released=released))
        declared: Any = replace(resource(BOX, {"size": 1}), references=(SHELF, OTHER))
        report = await rig.once(declared)
        assert (report.outcome == Blocked(f"waits for {OTHER}", OTHER)) is waits

    rigged(body)
