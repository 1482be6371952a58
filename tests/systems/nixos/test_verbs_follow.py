"""When somebody who deploys is told the end: by what the daemon answers, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import pytest

from setpoint.cli.output import Ending
from setpoint.testing.clock import virtual_run
from setpoint_nixos.verbs.follow import Following

LONG = 3600.0
DONE, FAILED, TURN, WINDOW, WORKS = "done", "failed", "turn", "window", "works"
ROWS: Mapping[str, Mapping[str, Any]] = {
    DONE: {"ended": True, "outcome": "Done", "holds": [], "sentence": "in sync"},
    FAILED: {"ended": True, "outcome": "Failed", "holds": [], "sentence": "units failed"},
    TURN: {"ended": False, "outcome": "Held", "holds": [{"rule": "Rollout", "passing": True}], "sentence": "the canary"},
    WINDOW: {"ended": False, "outcome": "Held", "holds": [{"rule": "Window", "passing": True}], "sentence": "its window"},
    WORKS: {"ended": False, "outcome": "Wait", "holds": [], "sentence": "switch to it"},
}  # fmt: skip


def members(states: Sequence[str]) -> list[dict[str, Any]]:
    """What the daemon answers of hosts in these states."""
    return [
        {
            "key": f"NixosHost/web0{number}",
            "ended": ROWS[state]["ended"],
            "looked": True,
            "resource": {
                "key": f"NixosHost/web0{number}",
                "detail": {},
                "ready": str(state == DONE),
                **ROWS[state],
            },
        }
        for number, state in enumerate(states, 1)
    ]


def follow(*looks: Sequence[str]) -> tuple[float, list[Mapping[str, Any]], Following]:
    """Seconds until the end, and how all were then; the last look goes on for ever."""
    given: Iterator[Sequence[str]] = chain(looks, repeat(looks[-1]))

    async def look() -> Mapping[str, Any]:
        return {"members": members(next(given))}

    following = Following(look)

    async def main() -> tuple[float, list[Mapping[str, Any]]]:
        clock = asyncio.get_running_loop().time
        began = clock()
        found = await following.until(began + LONG)
        return clock() - began, found

    return *virtual_run(main()), following


@pytest.mark.parametrize(
    ("looks", "least", "most"),
    [
        pytest.param([(DONE, DONE)], 0, 0, id="all-ended"),
        pytest.param([(FAILED, FAILED)], 0, 0, id="all-failed"),
        pytest.param([(FAILED, TURN)], 10, 12, id="a-wave-stands-still"),
        pytest.param([(FAILED, TURN)] * 10 + [(FAILED, WORKS)] * 100 + [(FAILED, TURN)], 60, 70, id="one-more-goes-on"),
        pytest.param([(FAILED, WINDOW)], LONG, LONG + 1, id="another-waits-for-its-window"),
        pytest.param([(DONE, TURN)], LONG, LONG + 1, id="a-wave-that-may-go-on"),
        pytest.param([(FAILED, WORKS)], LONG, LONG + 1, id="another-works"),
    ],
)  # fmt: skip
def test_the_end_is_told_when_nobody_goes_on_by_itself(
    looks: list[Sequence[str]], least: float, most: float
) -> None:
    took, _, _ = follow(*looks)
    assert least <= took <= most


def test_who_waits_for_its_turn_is_told_apart_from_what_failed() -> None:
    _, found, following = follow((FAILED, TURN))
    assert [following.ending(one) for one in found] == [Ending.ERROR, Ending.DIFFERENT]
    assert following.lines(found) == [
        "NixosHost/web01: failed: units failed",
        "NixosHost/web02: waits: the canary",
        "2 hosts: 1 not there yet, 1 failed",
    ]
