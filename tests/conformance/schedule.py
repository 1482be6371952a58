"""Says when a task that nobody waited for must have ended: at once, unless the recording shows it running later."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.conformance.model import Exchange
from tests.conformance.raw import data_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.model import Json, Setup, Trace

UPID = "UPID:"


def task_of(body: Json) -> str | None:
    """The task that a reply names as its whole result."""
    data = data_of(body)
    return data if isinstance(data, str) and data.startswith(UPID) else None


def tasks_to_finish(trace: Trace) -> Mapping[int, tuple[int, ...]]:
    """For each entry, the entries whose tasks must have ended before it is sent."""
    awaited = {poll.task_of for poll in trace.setup.polls}
    order = [*trace.setup.order, len(trace.entries)]
    ends = _known_ends(trace.setup)
    due: dict[int, list[int]] = defaultdict(list)
    for position, at in enumerate(order[:-1]):
        entry = trace.entries[at]
        upid = task_of(entry.reply.body) if isinstance(entry, Exchange) else None
        if upid is None or at in awaited:
            continue
        if at in ends:
            due[ends[at]].append(at)
            continue
        running = [
            later for later in range(position + 1, len(order) - 1) if _shows(trace, order[later], upid)
        ]
        due[order[max([position, *running]) + 1]].append(at)
    return {at: tuple(started) for at, started in due.items()}


def _known_ends(setup: Setup) -> dict[int, int]:
    ends: dict[int, int] = {}
    for event in setup.events:
        spec = event.spec.get("task_ends")
        if isinstance(spec, dict) and isinstance(at := spec.get("task_of_entry"), int):
            ends[at] = event.before
    return ends


def _shows(trace: Trace, at: int, upid: str) -> bool:
    entry = trace.entries[at]
    return isinstance(entry, Exchange) and _shows_running(entry.reply.body, upid)


def _shows_running(body: Json, upid: str) -> bool:
    match body:
        case dict():
            if body.get("upid") == upid:
                return "endtime" not in body and str(body.get("status", "running")).lower() == "running"
            return any(_shows_running(item, upid) for item in body.values())
        case list():
            return any(_shows_running(item, upid) for item in body)
        case _:
            return False
