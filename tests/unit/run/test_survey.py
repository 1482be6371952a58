"""The shared look at a target: whom a failed one answers too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from setpoint.model.errors import DownError, TargetError, TransportError
from setpoint.model.survey import Survey
from setpoint.run.survey import SPARE, Surveyor

GOOD: Survey[str] = Survey(facts="all", target_id="t", begun=1000.0)


def looking(*answers: TargetError | Survey[str]) -> tuple[Callable[[], Awaitable[Survey[str]]], list[object]]:
    """A target that gives these answers in turn, and what was asked of it."""
    asked: list[object] = []

    async def take() -> Survey[str]:
        answer = answers[len(asked)]
        asked.append(answer)
        if isinstance(answer, TargetError):
            raise answer
        return answer

    return take, asked


async def test_a_look_that_failed_answers_everybody_for_a_while() -> None:
    now = [1000.0]
    take, asked = looking(TransportError("no route"), GOOD)
    surveyor = Surveyor(take, lambda: now[0])
    for _ in range(3):
        with pytest.raises(TransportError, match="no route"):
            await surveyor.since(0.0)
    assert len(asked) == 1
    now[0] += SPARE
    assert await surveyor.since(0.0) == GOOD


async def test_who_asks_for_a_look_from_now_on_is_not_told_of_one_that_failed_before() -> None:
    now = [1000.0]
    take, asked = looking(TransportError("no route"), TransportError("still none"), GOOD)
    surveyor = Surveyor(take, lambda: now[0])
    with pytest.raises(TransportError, match="no route"):
        await surveyor.since(0.0)
    now[0] += 0.5
    for _ in range(2):
        with pytest.raises(TransportError, match="still none"):
            await surveyor.since(1000.5)
    assert len(asked) == 2, "and for those who ask for it at the same moment one attempt is enough"


async def test_a_look_that_a_breaker_refused_answers_nobody_else_for_the_breaker_may_close_at_once() -> None:
    take, asked = looking(DownError("down since noon"), GOOD)
    surveyor = Surveyor(take, lambda: 1000.0)
    with pytest.raises(DownError):
        await surveyor.since(0.0)
    assert await surveyor.since(0.0) == GOOD
    assert len(asked) == 2


async def test_once_a_look_has_failed_nobody_goes_by_the_one_before() -> None:
    now = [1001.0]
    take, asked = looking(GOOD, TransportError("no route"), GOOD)
    surveyor = Surveyor(take, lambda: now[0])
    assert await surveyor.since(0.0) == GOOD
    with pytest.raises(TransportError):
        await surveyor.since(1000.5)
    with pytest.raises(TransportError):
        await surveyor.since(0.0)
    now[0] += SPARE
    assert await surveyor.since(0.0) == GOOD
    assert len(asked) == 3
