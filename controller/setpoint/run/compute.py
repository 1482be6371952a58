"""The stage that makes absolute what a spec says relative to its target, such as a share of a node."""

from __future__ import annotations

import asyncio

from setpoint.model.compute import Computed, Computing
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Present
from setpoint.model.outcome import Failed, Outcome
from setpoint.model.spec import Spec
from setpoint.run.desk import Desk, Pass
from setpoint.run.resolve import remembered

LIMIT = 60.0
"""Seconds that it may take to read what a value is computed from."""


async def compute(desk: Desk, now: Pass) -> Pass | Outcome:
    """Go on with absolute values, each with the arithmetic behind it."""
    if now.kind.compute is None:
        return now
    assert now.survey is not None  # noqa: S101  # an earlier stage
    state = now.observation.state if isinstance(now.observation, Present) else None
    before = desk.store.status(now.owner.key)
    asked = before is not None and desk.requested > before.handled
    computing = Computing(now.spec, now.owner, state, remembered(now), now.survey, desk.peers, asked)
    try:
        async with asyncio.timeout(LIMIT):
            made: Computed[Spec] = await now.kind.compute(desk.lane.client(), computing)
    except TimeoutError:
        return Failed(f"what its sizes follow could not be read within {LIMIT:.0f} s", transport=True)
    return now.learn(spec=made.spec, notes=made.notes, lacking=made.lacking)


def open_questions(now: Pass) -> tuple[Hold, ...]:
    """Why some fields are left as they are: what they are computed from is not known."""
    return tuple(
        Hold(Rule.IMPOSSIBLE, one.why, one.remedy, passing=one.passing) for one in now.lacking.values()
    )
