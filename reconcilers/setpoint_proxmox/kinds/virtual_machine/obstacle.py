"""A difference that no call can correct: a step that only says so, last in every plan."""

from __future__ import annotations

from setpoint.model.diff import Change
from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Step

VERB = "refuse"


def obstacle(why: str, remedy: str, changes: tuple[Change, ...]) -> Step:
    """A step that touches nothing and ends with `why`."""
    return Step(VERB, why, changes, arguments={"why": why, "remedy": remedy})


async def refuse(_: object, acting: Acting) -> ActResult:
    """Say why it cannot be done.

    Raises:
        RefusalError: always; nothing was sent.
    """
    raise RefusalError(str(acting.arguments["why"]), remedy=str(acting.arguments["remedy"]))
