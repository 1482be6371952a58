"""What the daemon answers to the command line. Each function takes what was asked, valid already, and gives JSON."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from setpoint.desired.suggest import remedy
from setpoint.model.freeze import Freeze
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.run import freezing
from setpoint.run.gate import Trouble
from setpoint.run.lane import Lane
from setpoint.run.supervisor import Phase, Supervisor
from setpoint.run.undelete import forget, undelete
from setpoint.store.records import Status
from setpoint.surface import views
from setpoint.surface.bodies import (
    MOST_EVENTS,
    AnswerQuery,
    ApproveBody,
    FreezeBody,
    HistoryQuery,
    KeyQuery,
    LeftBody,
    ResyncBody,
    StatusQuery,
    ThawBody,
)
from setpoint.surface.deletions import (
    deletion_views,
    find_left,
    held_set_views,
    manifest_of,
    waiting_tokens,
)
from setpoint.surface.freezes import find_freeze, what_is_meant
from setpoint.surface.inventories import conflict_views, inventory_views
from setpoint.surface.rows import brief_rows, full_rows, one_row
from setpoint.surface.select import UnknownError, choose, find_key, find_token
from setpoint.surface.views import View

LATELY = 24 * 3600.0
"""Seconds for which drift that is gone again is still shown."""


@dataclass(frozen=True)
class Answers:
    """Speaks for one supervisor."""

    supervisor: Supervisor

    async def status(self, query: StatusQuery) -> View:
        """Everything that is declared, or one resource of it, with the state of the source and of each lane."""
        estate = self.supervisor.estate
        items = await estate.calls.call(estate.store.items)
        if query.key is not None:
            rows = [one_row(estate, find_key(estate.resources, query.key, DEFAULT_NAMESPACE))]
        else:
            statuses = await estate.calls.call(estate.store.statuses)
            rows = (brief_rows if query.brief else full_rows)(estate, statuses)
        return {
            "estate": estate.name,
            "phase": str(self.supervisor.phase),
            "pid": os.getpid(),
            "source": views.source_view(self._source()),
            "inventories": inventory_views(estate),
            "conflicts": conflict_views(estate) if query.key is None else [],
            "freezes": views.freeze_views(estate.store.freezes(), estate.ports.now()),
            "problems": [views.problem_view(problem) for problem in estate.problems],
            "waiting": [views.waiting_view(key, one) for key, one in sorted(estate.suspended.items())],
            "retained": sorted(str(key) for key in estate.retained),
            "declared": len(estate.resources) + len(estate.dormant),
            "resources": rows,
            "released": [views.released_view(item) for item in items if item.released and query.key is None],
            "deletions": deletion_views(estate) if query.key is None else [],
            "heldSets": held_set_views(estate) if query.key is None else [],
            "lanes": [_lane(lane) for _, lane in sorted(estate.lanes.items())],
        }

    def keys(self) -> View:
        """Every key that is declared; what completion asks, which must not wait for more."""
        return {"keys": sorted(map(str, self.supervisor.estate.resources))}

    async def drift(self, query: KeyQuery) -> View:
        """Every field that differs now, and what was found changed by hand lately."""
        estate = self.supervisor.estate
        statuses = await self._statuses()
        key = find_key(estate.resources, query.key, DEFAULT_NAMESPACE) if query.key else None
        if key is not None:
            statuses = {key: statuses[key]} if key in statuses else {}
        drift = views.drift_views(estate.resources, statuses.values())
        events = await estate.calls.call(estate.store.history, key, MOST_EVENTS)
        since = estate.ports.now() - LATELY
        return {
            "drift": drift,
            "recent": views.recent_views(drift, (e for e in events if e.at >= since)),
        }

    async def history(self, query: HistoryQuery) -> View:
        """The newest events, newest first; of a key that is gone, too.

        Raises:
            UnknownError: nobody ever heard of the key.
        """
        estate = self.supervisor.estate
        key = _any_key(query.key) if query.key else None
        events = await estate.calls.call(estate.store.history, key, query.limit)
        if key is not None and not events and key not in (known := await self._heard_of()):
            nearest = remedy(str(key), map(str, known), otherwise="known are")
            raise UnknownError(f"nothing was ever known of {key}", remedy=nearest)
        return {"events": [views.event_view(event) for event in events]}

    async def resync(self, body: ResyncBody, by: str) -> View:
        """Ask for a fresh look, with everything also at what is declared; the numbers are what `answer` takes."""
        keys = choose(self.supervisor.estate.resources, body)
        if body.everything and not body.namespaced:
            self.supervisor.poke()
        numbers = await self.supervisor.resync(keys, by)
        return {"requests": {str(key): number for key, number in numbers.items()}}

    async def answer(self, query: AnswerQuery) -> View:
        """Whether exactly that request was answered; waits for it as long as the query says."""
        supervisor = self.supervisor
        key = find_key(supervisor.estate.resources, query.key, DEFAULT_NAMESPACE)
        status: Status | None = None

        async def handled() -> bool:
            nonlocal status
            status = await supervisor.estate.calls.call(supervisor.estate.store.status, key)
            return status is not None and status.handled >= query.number

        done = await handled()
        try:
            async with asyncio.timeout(query.wait), supervisor.changed:
                # Looked at again under the lock: news between the first look and the lock would be missed.
                while not (done := await handled()) and key in supervisor.estate.resources:
                    if supervisor.phase is Phase.STOPPING:
                        break
                    await supervisor.changed.wait()
        except TimeoutError:
            pass
        if key not in supervisor.estate.resources:
            raise UnknownError(f"{key} left the declarations while it was waited for")
        return {
            "key": str(key),
            "number": query.number,
            "handled": done,
            "resource": one_row(self.supervisor.estate, key),
        }

    async def approve(self, body: ApproveBody, by: str) -> View:
        """Release what waits for the token."""
        waiting = await self._waiting()
        token = find_token(waiting, body.token)
        await self.supervisor.approve(token, by)
        return {"approved": token, "releases": waiting[token]}

    async def undelete(self, body: LeftBody, by: str) -> View:
        """Take a deletion back; the manifest by which it can be declared again.

        Raises:
            UnknownError: it is declared, or not to be deleted.
            SetpointError: its destruction is under way.
        """
        estate = self.supervisor.estate
        key, tombstone, _ = find_left(estate, body.key, body.namespace)
        if tombstone is None:
            raise UnknownError(f"{key} is not to be deleted", remedy="it is left alone; declare it again")
        if tombstone.active:
            tombstone = await undelete(estate, key, by)
        origin = tombstone.resource.origin.path
        return {"key": str(key), "origin": origin, "manifest": manifest_of(tombstone.resource)}

    async def forget(self, body: LeftBody, by: str) -> View:
        """Let go of an object that is declared no more.

        Raises:
            UnknownError: it is declared, or nothing is known of it.
            SetpointError: a step of its deletion is under way.
        """
        estate = self.supervisor.estate
        key, tombstone, item = find_left(estate, body.key, body.namespace)
        await forget(estate, key, by)
        target = item.target if item is not None else tombstone.target if tombstone is not None else None
        return {"forgotten": str(key), "target": str(target)}

    async def freeze(self, body: FreezeBody, by: str) -> View:
        """Let no step begin where the body says.

        Raises:
            UnknownError: it names nothing that is there, or a time that is past.
        """
        estate = self.supervisor.estate
        now = estate.ports.now()
        if body.until and body.until <= now:
            raise UnknownError("it would have ended already", remedy="name a time that is to come")
        scope, name = what_is_meant(estate, body)
        order = Freeze(scope, name, by, body.why, now, body.until)
        await freezing.freeze(estate, order)
        return {"freeze": views.freeze_view(order)}

    async def unfreeze(self, body: ThawBody, by: str) -> View:
        """End a freeze.

        Raises:
            UnknownError: there is none that covers just that.
        """
        estate = self.supervisor.estate
        order = find_freeze(estate.store.freezes(), body, estate.ports.now())
        await freezing.thaw(estate, order, by)
        return {"ended": views.freeze_view(order)}

    async def _heard_of(self) -> set[Key]:
        """Every key that is declared, that something of ours bears, or that the history tells of."""
        estate = self.supervisor.estate
        items = await estate.calls.call(estate.store.items)
        events = await estate.calls.call(estate.store.history, None, MOST_EVENTS)
        told = {event.key for event in events if event.key is not None}
        return {*estate.resources, *estate.suspended, *(item.key for item in items), *told}

    async def _statuses(self) -> dict[Key, Status]:
        estate = self.supervisor.estate
        return {status.key: status for status in await estate.calls.call(estate.store.statuses)}

    async def _waiting(self) -> dict[str, str]:
        """Every token that something waits for, and what that is."""
        estate = self.supervisor.estate
        waiting = {
            one.token: one.sentence for one in (estate.source, *estate.inventories.values()) if one.token
        }
        held: dict[str, list[tuple[Key, Hold]]] = {}
        for key, status in (await self._statuses()).items():
            # A set of deletions may be another one by now, and only that one can be let go.
            holds = [hold for hold in status.holds if hold.token and hold.rule is not Rule.DELETION_LIMIT]
            for hold in holds:
                held.setdefault(hold.token, []).append((key, hold))
        waiting |= {token: _waiting_for(those) for token, those in held.items()}
        return waiting | waiting_tokens(self.supervisor.estate)

    def _source(self) -> views.SourceView:
        estate = self.supervisor.estate
        state = estate.source
        return views.SourceView(
            name=self.supervisor.source.name,
            version=estate.version,
            good=state.good,
            sentence=state.sentence,
            looked_at=state.at,
            token=state.token,
            notes=estate.notes,
        )


def _lane(lane: Lane) -> View:
    """What a target is asked and how it fares: keys due by class, those at work, places in use, parts that are down."""
    changed, resync = lane.queue.depth()
    return {
        "target": str(lane.target),
        "changed": changed,
        "resync": resync,
        "running": sorted(str(key) for key in lane.queue.running()),
        "places": dict(sorted(lane.slots.usage().items())),
        "waiting": [str(key) for key in lane.slots.waiting()],
        "down": [_trouble(trouble) for trouble in lane.gate.troubles()],
    }


def _trouble(trouble: Trouble) -> View:
    return {
        "scope": trouble.scope,
        "why": trouble.why,
        "since": views.time_text(trouble.since),
        "nextProbe": views.time_text(trouble.probe),
    }


def _waiting_for(held: list[tuple[Key, Hold]]) -> str:
    """What one token stands for: often one resource, and as many as wait for a limit."""
    (key, hold), others = min(held, key=lambda one: one[0]), len(held) - 1
    more = f" and {others} more" if others else ""
    return f"{key}{more}: {hold.why}"


def _any_key(text: str) -> Key:
    try:
        return Key.parse(text)
    except ValueError as error:
        raise UnknownError(str(error)) from None
