"""Whether what is about to be made is on another target already. A database that was lost knows nothing of it."""

from __future__ import annotations

from setpoint.model.errors import SetpointError
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Absent
from setpoint.model.outcome import Blocked, Held, Outcome
from setpoint.run.desk import Desk, Pass
from setpoint.run.lane import Lane


async def seek(desk: Desk, now: Pass) -> Pass | Outcome:
    """Before it is made: what was made on another target stays there, and a second one needs a person's word."""
    token = f"{now.owner.key}@{desk.lane.target}"
    wanted = token in now.approvals
    if isinstance(now.observation, Absent) and _is_news(now) and not wanted:
        for lane in desk.unmet():
            unheard = await _ask(desk, now, lane)
            if unheard is not None:
                return unheard
        now = now.learn(item=desk.store.item(now.owner.key))
    item = now.item
    if item is None or item.target == desk.lane.target:
        return now
    if wanted:
        return now.learn(item=None)
    why = (
        f"{now.owner.key} is {now.kind.object_id(item.identity)} of {item.target}, and is not moved by itself"
    )
    release = f"declare that target again, or let an empty one be made here: setpoint approve {token}"
    return Held((Hold(Rule.IDENTITY, why, release, token=token),))


def _is_news(now: Pass) -> bool:
    """Whether nothing is remembered of something that would be missed."""
    return now.item is None and now.reserved is None and now.kind.stateful and bool(now.kind.acts)


async def _ask(desk: Desk, now: Pass, lane: Lane) -> Blocked | None:
    """Have every mark on another target noted; it blocks as long as nobody has seen it."""
    try:
        await lane.survey(0.0)
    except SetpointError as error:
        why = f"{lane.target} may hold {now.owner.key} and was not seen yet with this database: {error}"
        return Blocked(why, lane.target)
    await desk.search(lane)
    return None
