"""The daemon's life: ordered start, following the source, ordered stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from setpoint.model.errors import SourceError, StateError
from setpoint.model.hold import Rule
from setpoint.model.inventory import PREFIX, Inventory
from setpoint.model.key import Key
from setpoint.run.conclude import FINAL
from setpoint.run.declare import arrange_lanes, declare, in_force
from setpoint.run.estate import Estate, SourceState
from setpoint.run.lane import WORKERS, Lane
from setpoint.run.queue import Class
from setpoint.run.tell import Teller
from setpoint.run.wake import wake, wake_departed
from setpoint.run.worker import work
from setpoint.sources.snapshot import HistoryRewrittenError, Snapshot
from setpoint.sources.source import Source
from setpoint.store.records import Event, EventKind

GRACE = 30.0
"""Seconds that a step under way is given to end when the daemon stops."""
PATIENCE = 3
"""Failures in a row after which a single run no longer waits for a key."""
FLUSH = 5.0
"""Seconds for which the store may know less of when everything was last looked at than the memory."""
EXPIRY = 30.0
"""Seconds after which something that has expired is seen to at the latest."""
BREATH = 0.1
"""Seconds between two looks at everything by whoever waits for news."""
_log = structlog.stdlib.get_logger("setpoint.supervisor")


class Phase(StrEnum):
    """Where in its life the supervisor is."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass
class Supervisor:
    """Runs one estate.

    Attributes:
        inventories: those that the source has below it.
        tellers: what tells each of them how things stand.
        changed: notified after every reconcile, every look at the source and every change of phase.
        news: how often; whoever waits compares it, so that nothing is missed between two looks.
    """

    estate: Estate
    source: Source
    phase: Phase = Phase.STARTING
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    news: int = 0
    inventories: tuple[Inventory, ...] = ()
    tellers: tuple[Teller, ...] = field(init=False)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _workers: list[tuple[Lane, list[asyncio.Task[None]]]] = field(
        default_factory=list[tuple[Lane, list["asyncio.Task[None]"]]]
    )

    def __post_init__(self) -> None:
        """Know whom to tell."""
        self.tellers = tuple(Teller(self.estate, inventory) for inventory in self.inventories)

    async def run(self, stop: asyncio.Event, *, ready: Callable[[], None] = lambda: None) -> None:
        """Follow the source and converge until `stop`; the step under way is ended first.

        Args:
            stop: set from outside.
            ready: called once, after the first look at the source.

        Raises:
            StateError: the store cannot be read at the start.
        """
        await self._load()
        for teller in self.tellers:
            await teller.look()
        following = asyncio.create_task(self._follow(ready), name="follow-source")
        stopping = asyncio.create_task(stop.wait(), name="wait-for-stop")
        flushing = asyncio.create_task(self._flush_at_times(), name="flush")
        expiring = asyncio.create_task(self._expire_at_times(), name="expire")
        telling = [asyncio.create_task(self._tell(one), name="tell") for one in self.tellers]
        try:
            await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
        finally:
            others = (following, stopping, flushing, expiring, *telling)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._enter(Phase.STOPPING)
            await self._stop()
            await self._flush()

    async def look(self) -> None:
        """Fetch the source once and put in force what it declares; one look at a time."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        estate = self.estate
        now, fetched = estate.ports.now(), estate.source.fetched
        try:
            previous = estate.store.accepted(self.source.name)
            snapshot = await self.source.fetch(previous, estate.store.approved)
            looked = now if snapshot.fresh else estate.source.at
            fetched = looked if snapshot.trouble is None else fetched
            if is_news := self._is_news(snapshot):
                await declare(estate, snapshot)
            good = SourceState(good=True, sentence=in_force(estate), at=looked, fetched=fetched)
            state = good if snapshot.trouble is None else _in_trouble(snapshot.trouble, looked, fetched)
            written = is_news and snapshot.trouble is None
        except (SourceError, StateError) as error:
            state, written = _in_trouble(error, now, fetched), False
        await self._tell_source(state, written=written)
        self._staff()
        await self.announce()

    def _is_news(self, snapshot: Snapshot) -> bool:
        estate = self.estate
        other = snapshot.versions != estate.versions or snapshot.shares.keys() != estate.shares.keys()
        # One that is in trouble gives what it gave before, again and again.
        mended = not estate.source.good and snapshot.trouble is None
        return other or mended or estate.is_due()

    async def resync(self, keys: list[Key], by: str) -> dict[Key, int]:
        """Ask for a fresh look at `keys`, and at once; the numbers tell `Status.handled` when each was answered."""
        estate, now = self.estate, self.estate.ports.now()
        for lane in {lane.target: lane for key in keys if (lane := self._lane_of(key))}.values():
            lane.gate.hasten()
        # Before the numbers exist: whoever answers them must not do so from an older survey. One moment for all, so
        # that one survey does.
        estate.asked.update(dict.fromkeys(keys, now))
        numbers = await estate.calls.call(estate.store.request, keys, by, now, estate.version)
        for key in keys:
            wake(estate, key)
        return numbers

    def poke(self) -> None:
        """Have the source and every inventory read, the latter afresh."""
        self.source.poke()
        for inventory in self.inventories:
            inventory.poke()

    def _lane_of(self, key: Key) -> Lane | None:
        resource = self.estate.resources.get(key)
        return self.estate.lane_of(resource) if resource is not None else None

    async def approve(self, token: str, by: str) -> None:
        """Release what names `token`, and look again at once."""
        estate, now = self.estate, self.estate.ports.now()
        await estate.calls.call(estate.store.approve, token, by, now)
        await estate.calls.call(
            estate.store.record, Event(now, EventKind.APPROVED, f"approved {token}", actor=by)
        )
        self.source.poke()
        for inventory in self.inventories:
            if estate.inventories[inventory.name].token == token:
                inventory.poke()
        for key in estate.everything():
            status = estate.store.status(key)
            if key not in estate.resources or (
                status is not None and any(hold.token == token for hold in status.holds)
            ):
                wake(estate, key)

    async def settle(self, since: float) -> None:
        """Wait until every key that is declared or to be deleted was looked at after `since` and needs nothing more by itself."""
        left: list[Key] = []
        async for _ in self.updates():
            if self.phase is Phase.STARTING:
                continue
            # One that rests may begin again, so whoever seems to be the last is followed by a look at all.
            while left and self._rests(left[-1], since):
                left.pop()
            if not left:
                left = [key for key in self.estate.everything() if not self._rests(key, since)]
                if not left:
                    return

    def _rests(self, key: Key, since: float, asked: frozenset[Key] = frozenset()) -> bool:
        """Whether `key` came to an end that it does not leave by itself, or waits for one that did so badly."""
        resource, tombstone = self.estate.served(key), self.estate.store.tombstone(key)
        status = self.estate.store.status(key)
        if resource is None:
            return True
        if key not in self.estate.resources and tombstone is not None:
            since = max(since, tombstone.left_at)
            if self.estate.lane_of(resource) is None:
                return True
        if status is None or status.reconciled_at < since:
            return False
        in_turn = bool(status.holds) and all(hold.rule is Rule.ROLLOUT for hold in status.holds)
        if (status.outcome in FINAL and not in_turn) or status.attempts >= PATIENCE:
            return True
        if status.outcome != "Blocked" and not in_turn:
            return False
        awaited = {on for on, keys in self.estate.waiting.items() if key in keys}
        needed = {*(() if in_turn else resource.references), *awaited} & self.estate.resources.keys() - asked
        return any(self._rests(one, since, asked | {key}) and not self.estate.ready(one) for one in needed)

    async def updates(self) -> AsyncIterator[None]:
        """Yields at once and then whenever there are news, a few times a second at most, and never misses the last."""
        seen = -1
        while True:
            async with self.changed:
                while self.news == seen:
                    await self.changed.wait()
                seen = self.news
            yield
            await asyncio.sleep(BREATH)

    async def announce(self) -> None:
        """Wake everybody who waits for news."""
        async with self.changed:
            self.news += 1
            self.changed.notify_all()

    async def _enter(self, phase: Phase) -> None:
        self.phase = phase
        await self.announce()

    async def _load(self) -> None:
        """Take up what was in force when the daemon stopped."""
        estate = self.estate
        estate.version = estate.store.accepted(self.source.name) or ""
        sources = (self.source.name, *(PREFIX + name for name in estate.inventories))
        found = {source: estate.store.accepted(source) for source in sources}
        estate.versions = {source: version for source, version in found.items() if version is not None}
        desired = await estate.calls.call(estate.store.desired)
        estate.resources = {key: r for key, r in desired.items() if key.kind in estate.kinds}
        estate.dormant = {key: r for key, r in desired.items() if key.kind not in estate.kinds}
        await arrange_lanes(estate)
        for key, resource in estate.resources.items():
            status = estate.store.status(key)
            same = status is not None and status.spec_hash == resource.spec_hash
            wake(estate, key, Class.RESYNC if same else Class.CHANGED)
        wake_departed(estate)

    async def _follow(self, ready: Callable[[], None]) -> None:
        await self.look()
        await self._enter(Phase.RUNNING)
        ready()
        async with aclosing(self.source.watch()) as rings:
            async for _ in rings:
                await self.look()

    async def _tell(self, teller: Teller) -> None:
        """Tell an inventory how things stand, once what is declared now is in force."""
        async for _ in self.updates():
            if self.phase is not Phase.STARTING:
                break
        await teller.run(self.updates())

    async def _expire_at_times(self) -> None:
        """Look again when something in force has expired, be the source as it was."""
        while True:
            await asyncio.sleep(EXPIRY)
            if self.estate.is_due():
                await self.look()

    async def _flush_at_times(self) -> None:
        while True:
            async with self.changed:
                await self.changed.wait()
            await asyncio.sleep(FLUSH)
            await self._flush()

    async def _flush(self) -> None:
        """Write when everything was last looked at; what cannot be written now is written the next time."""
        try:
            await self.estate.calls.call(self.estate.store.flush)
        except StateError as error:
            _log.warning("times_not_written", problem=str(error))

    async def _tell_source(self, state: SourceState, *, written: bool) -> None:
        """Tell how the source is when that is news; `written` when it is in the history already."""
        estate, before = self.estate, self.estate.source
        estate.source = state
        if (before.good, before.sentence) == (state.good, state.sentence):
            return
        if state.good and not before.good:
            # Nothing is deleted while the source is in trouble, so whatever is to be waited for this.
            wake_departed(estate)
        log = _log.info if state.good else _log.warning
        log("source_looked_at", good=state.good, sentence=state.sentence, problems=len(estate.problems))
        if written:
            return
        event = Event(estate.ports.now(), EventKind.SOURCE, state.sentence, version=estate.version)
        try:
            await estate.calls.call(estate.store.record, event)
        except StateError as error:
            _log.warning("history_not_written", problem=str(error))

    def lost_workers(self) -> int:
        """How many workers ended although their lane goes on, which none should."""
        served = [tasks for lane, tasks in self._workers if not lane.queue.closed]
        return sum(task.done() for tasks in served for task in tasks)

    def _staff(self) -> None:
        """Workers for every lane that has none; lanes that closed end theirs by themselves."""
        staffed = [(lane, [task for task in tasks if not task.done()]) for lane, tasks in self._workers]
        self._workers = [(lane, tasks) for lane, tasks in staffed if tasks]
        for lane in self.estate.every_lane():
            # By identity: a target that left and came back has a new lane, while the old one's workers may go on.
            if not any(lane is served for served, _ in self._workers):
                tasks = [
                    asyncio.create_task(
                        work(self.estate, lane, self.announce), name=f"{lane.target}#{number}"
                    )
                    for number in range(WORKERS)
                ]
                self._workers.append((lane, tasks))

    async def _stop(self) -> None:
        """No new keys; the steps under way end; then the clients go."""
        lanes = self.estate.every_lane()
        for lane in lanes:
            lane.queue.close()
        tasks = [task for _, tasks in self._workers for task in tasks]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for lane in lanes:
            await lane.close()


def _in_trouble(error: SourceError | StateError, now: float, fetched: float) -> SourceState:
    """What is wrong; a version that waits for approval was read all the same."""
    if isinstance(error, HistoryRewrittenError):
        return SourceState(good=False, sentence=str(error), at=now, token=error.commit, fetched=now)
    return SourceState(good=False, sentence=str(error), at=now, fetched=fetched)
