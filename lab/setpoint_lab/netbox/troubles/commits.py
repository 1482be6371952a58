"""Work that is committed late: its ids and times are given early, and it becomes visible when others have moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.interference import AFTER, DROPPED
from setpoint_lab.netbox.times import parse_time
from setpoint_lab.netbox.troubles.standing import CALMING, standing
from setpoint_lab.netbox.troubles.which import CHANGING, Requests, requests
from setpoint_lab.netbox.unit import COMMITTERS, Unit, apply

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Answer, Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


@dataclass(slots=True)
class Hold:
    """The work of some requests is held back; for so many seconds, or until it is let go."""

    requests: Requests
    after_s: float | None
    waits: bool


@dataclass(slots=True)
class Held:
    """Work that is held back, with the rows as they were and as they shall be; `ended` says that it is over."""

    unit: Unit
    before: dict[tuple[str, int], Row | None]
    after: list[tuple[str, int, Row | None]]
    waits: bool
    undone: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


def hold(world: World, spec: Mapping[str, Any]) -> Hold:
    """Hold back the work of the next requests that fit."""
    after_s = float(spec["after_s"]) if "after_s" in spec else None
    found = Hold(requests(world, spec, CHANGING), after_s, bool(spec.get("waits")))
    standing(world, Hold).append(found)
    return found


@lab_event("commits_held")
async def hold_commits(world: World, spec: Mapping[str, Any]) -> None:
    """Writes become visible later; with `waits` their answers come only then."""
    hold(world, spec)


@lab_event("commits_released")
async def release_commits(world: World, _spec: Mapping[str, Any]) -> None:
    """All work that is held back comes about, in its order."""
    release_all(world)


@lab_event("commits_undone")
async def undo_commits(world: World, _spec: Mapping[str, Any]) -> None:
    """All work that is held back fails: nothing of it comes about, and its ids are used up."""
    for held in standing(world, Held):
        held.undone = True
        held.ended.set()
    standing(world, Held).clear()


def release_all(world: World) -> None:
    """Let everything that is held back come about."""
    while found := standing(world, Held):
        _release(world, found[0])


def _release(world: World, held: Held) -> None:
    standing(world, Held).remove(held)
    apply(world, [_merged(world, held, *each) for each in held.after])
    held.unit.commit()
    held.ended.set()


def _merged(
    world: World, held: Held, endpoint: str, number: int, row: Row | None
) -> tuple[str, int, Row | None]:
    """The row with what this work changed in it; what others changed meanwhile stays."""
    before, now = held.before[endpoint, number], world.row(endpoint, number)
    if row is None or before is None or now is None or now is before:
        gone = before is not None and now is None
        return endpoint, number, None if gone else row
    changed = {name: value for name, value in row.items() if before.get(name) != value}
    if "last_updated" in changed:
        changed["last_updated"] = max(changed["last_updated"], now["last_updated"], key=parse_time)
    return endpoint, number, now | changed


def _take_over(unit: Unit) -> bool:
    world = unit.world
    author = unit.author
    found = next(
        (each for each in standing(world, Hold) if each.requests.hits(world, author.method, author.path)),
        None,
    )
    if found is None:
        return False
    after = unit.withdraw()
    before = {(endpoint, number): world.row(endpoint, number) for endpoint, number, _ in after}
    held = Held(unit, before, after, found.waits)
    standing(world, Held).append(held)
    if found.after_s is not None:
        world.start(_release_later(world, held, found.after_s))
    return True


async def _release_later(world: World, held: Held, seconds: float) -> None:
    await world.clock.sleep(seconds)
    if held in standing(world, Held):
        _release(world, held)


async def _wait(world: World, _request: Request, answer: Answer) -> Answer:
    number = answer.headers.get("X-Request-ID")
    for held in standing(world, Held):
        if held.waits and held.unit.author.request_id == number:
            await held.ended.wait()
            return DROPPED if held.undone else answer
    return answer


COMMITTERS.append(_take_over)
AFTER.append(_wait)
CALMING.append(release_all)
