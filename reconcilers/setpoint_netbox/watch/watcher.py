"""Follows one NetBox: a poll of its changes, a reading of everything now and then, and no belief in what is too much."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from setpoint.model.errors import SourceError
from setpoint.model.inventory import Content
from setpoint.model.printable import brief
from setpoint_netbox.api.failures import StrangerError
from setpoint_netbox.api.line import Line
from setpoint_netbox.api.pages import changes
from setpoint_netbox.content import State, make_content, state
from setpoint_netbox.watch.asking import check_netbox, deletions, latest, proven_gone, recent_feed
from setpoint_netbox.watch.belief import Seen, believe
from setpoint_netbox.watch.changes import FIELDS, effect, parse_change
from setpoint_netbox.watch.holes import take
from setpoint_netbox.watch.known import Known, read_whole, recalled, renames, stayed, went_on
from setpoint_netbox.watch.pace import due, pause, probe_due, until_next
from setpoint_netbox.watch.reading import owners, read_all, read_some, read_stamps
from setpoint_netbox.watch.selection import Wanted
from setpoint_netbox.watch.views import Thing, View

MANY: Final = 1_000
"""Objects that changed at once from which everything is read instead."""
LOST: Final = 60.0
"""Seconds of failures after which everything is read again."""


@dataclass(frozen=True)
class Habits:
    """How a NetBox is followed.

    Attributes:
        wanted: which objects.
        poll, snapshot: how often it is asked for changes, and how often everything is read.
        approved: whether a person approved a token.
        ours: whether we made the call with this id ourselves.
        now: seconds since the epoch.
        chance: from 0 to 1.
    """

    wanted: tuple[Wanted, ...]
    poll: timedelta
    snapshot: timedelta
    approved: Callable[[str], bool]
    ours: Callable[[str], bool]
    now: Callable[[], float]
    chance: Callable[[], float]


class Watcher:
    """Follows one NetBox; one reading at a time."""

    def __init__(self, line: Line, habits: Habits) -> None:
        """Prepare; nobody is asked yet."""
        self._line = line
        self._habits = habits
        self._known: Known | None = None
        self._version = ""
        self._gave: Content | None = None
        self._made_of: Mapping[str, View] | None = None
        self._trouble: SourceError | None = None
        self._failures = 0
        self._failed_at = 0.0
        self._next = 0.0
        self._fresh = False
        self._chance = habits.chance()
        self._bell = asyncio.Event()
        self._turn = asyncio.Lock()

    async def fetch(self, kept: Content | None) -> Content:
        """What it holds now; the very `kept` when that is the same.

        Raises:
            DoubtError: too much of it left.
            SourceError: it cannot be read; soon after that it is not even asked.
        """
        async with self._turn:
            now = self._habits.now()
            if self._trouble is not None and now < self._next and not self._fresh:
                raise self._trouble.with_traceback(None)
            long = self._trouble is not None and now - self._failed_at > LOST
            fresh, self._fresh = self._fresh or long, False
            try:
                known, user = await self._understood(kept, now, fresh=fresh)
            except SourceError as error:
                self._failed(error, now)
                raise
            self._known, self._trouble, self._failures = known, None, 0
            self._next = now + until_next(known, self._habits.poll, self._habits.chance(), now)
            self._gave = await self._content(known, kept, user)
            self._made_of = known.views
            return self._gave

    async def watch(self) -> AsyncGenerator[None]:
        """Yields when it is time to ask, and when somebody rang."""
        while True:
            wait = max(0.0, self._next - self._habits.now())
            try:
                async with asyncio.timeout(wait):
                    await self._bell.wait()
            except TimeoutError:
                pass
            self._bell.clear()
            yield

    def shown(self, path: str) -> Mapping[str, Any] | None:
        """The custom fields of an object as this process read them last; None when it did not."""
        view = self._known.views.get(path) if self._known is not None else None
        if view is None or not view.stamp:
            return None
        told: dict[str, Any] = json.loads(view.content).get("custom_fields") or {}
        return {**told, **view.ours}

    def reading(self, path: str) -> object:
        """Another object whenever the one at `path` was read again."""
        return self._known.views.get(path) if self._known is not None else None

    def ring(self) -> None:
        """Say that something may have changed."""
        self._bell.set()

    def poke(self) -> None:
        """Ring, and have everything read afresh."""
        self._fresh = True
        self._bell.set()

    async def _understood(self, kept: Content | None, now: float, *, fresh: bool) -> tuple[Known, str]:
        try:
            return await self._read(kept, now, fresh=fresh)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise StrangerError(
                f"NetBox at {self._line.access.url} shows objects in a form that is not known: {brief(str(error), 100)}",
                remedy="see whether its version is one that Setpoint knows",
            ) from error

    async def _read(self, kept: Content | None, now: float, *, fresh: bool) -> tuple[Known, str]:
        if self._known is None:
            return await self._begin(kept, now), ""
        known, user = await self._poll(self._known, now)
        version = self._line.traffic.version
        if fresh or version != self._version or due(known, self._habits.snapshot, self._chance, now):
            known = await self._whole(known, now)
            self._chance = self._habits.chance()
        elif probe_due(known, self._habits.snapshot, now):
            known = await self._probe(known, now)
        self._version = version
        return known, user

    async def _begin(self, kept: Content | None, now: float) -> Known:
        """Where the changes end is read first and the lists second, so that nothing falls between them."""
        await check_netbox(self._line, self._habits.wanted)
        feed = await recent_feed(self._line, now)
        types = {one.root.type for one in self._habits.wanted}
        known = await asyncio.to_thread(recalled, kept, types, now)
        gone, deleted = frozenset[str](), frozenset[Thing]()
        if kept is not None and state(kept).url == self._line.access.url and known.feed.hi <= feed.hi:
            deleted = await deletions(self._line, known.feed.start)
            gone = await self._gone(known, deleted)
            young = {one: at for one, at in known.feed.holes.items() if one < feed.start}
            feed = replace(feed, holes={**young, **feed.holes})
        self._version = self._line.traffic.version
        return await self._all(replace(known, feed=feed), gone, deleted, now)

    async def _poll(self, known: Known, now: float) -> tuple[Known, str]:
        habits = self._habits
        rows = await changes(self._line, known.feed.start, (("fields", FIELDS),))
        taken = take(known.feed, [int(row["id"]) for row in rows], now)
        news = [parse_change(row) for row in rows if row["id"] in taken.new]
        roots = [one.root for one in habits.wanted]
        found = effect(
            news,
            roots,
            known.index,
            habits.ours,
            lambda thing: any(thing in one.others for one in known.views.values()),
        )
        far = now if found.far and known.far_at is None else known.far_at
        after = replace(known, feed=taken.feed, far_at=far, read_at=0.0 if taken.overflow else known.read_at)
        if not (found.roots or found.parts or found.deleted or known.missing):
            return after, found.user
        gone = await self._gone(known, found.deleted)
        again = await self._again(known, found.roots, found.parts) | (
            found.deleted & {one.thing for one in known.views.values()}
        )
        again = frozenset(one for one in again if f"{one[0]}/{one[1]}" not in gone)
        if len(again) > MANY:
            return went_on(replace(after, read_at=0.0), (), gone, now), found.user
        told = frozenset(change.thing for change in news)
        return await self._reread(after, again, told, gone, now), found.user

    async def _again(
        self, known: Known, roots: frozenset[Thing], parts: frozenset[Thing]
    ) -> frozenset[Thing]:
        there = {view.thing for view in known.views.values()}
        moved = (
            await owners(self._line, parts, [one.root for one in self._habits.wanted])
            if parts
            else frozenset[Thing]()
        )
        return roots | (moved & there) | {known.views[path].thing for path in known.missing}

    async def _reread(
        self, known: Known, things: frozenset[Thing], told: frozenset[Thing], gone: frozenset[str], now: float
    ) -> Known:
        """Read some again; `told` is what was seen to change."""
        found = [
            await read_some(self._line, one, [number for kind, number in things if kind == one.root.type])
            for one in self._habits.wanted
        ]
        after = await asyncio.to_thread(went_on, known, found, gone, now)
        shown = {path: view for path, view in after.views.items() if path not in after.missing}
        again = {view.path: view for some in found for view in some.views}
        await believe(self._line, known, Seen(shown, again, gone, told), self._habits.approved)
        return after

    async def _whole(self, known: Known, now: float) -> Known:
        """A NetBox whose last change is one from before what was seen was restored, and counts anew from there."""
        if (await latest(self._line))[0] < known.feed.hi:
            known = replace(known, feed=await recent_feed(self._line, now))
        return await self._all(known, frozenset(), frozenset(), now)

    async def _all(self, known: Known, gone: frozenset[str], told: frozenset[Thing], now: float) -> Known:
        shown = {view.path: view for one in self._habits.wanted for view in await read_all(self._line, one)}
        await believe(self._line, known, Seen(shown, shown, gone, told), self._habits.approved)
        return await asyncio.to_thread(read_whole, known, shown.values(), gone, now)

    async def _probe(self, known: Known, now: float) -> Known:
        """Find what was saved without a change being told, and what does not match the filters any more."""
        if (await latest(self._line))[0] < known.feed.hi:
            return await self._whole(known, now)
        differ: set[Thing] = set()
        for one in self._habits.wanted:
            stamps = await read_stamps(self._line, one)
            before = {
                view.thing[1]: view.stamp for view in known.views.values() if view.thing[0] == one.root.type
            }
            differ |= {
                (one.root.type, number) for number, stamp in before.items() if stamps.get(number) != stamp
            }
            differ |= {(one.root.type, number) for number in stamps.keys() - before.keys()}
        if len(differ) > MANY:
            return await self._whole(known, now)
        return await self._reread(
            replace(known, probed_at=now), frozenset(differ), frozenset(), frozenset(), now
        )

    async def _gone(self, known: Known, deleted: frozenset[Thing]) -> frozenset[str]:
        there = {view.thing for view in known.views.values()} if deleted else set[Thing]()
        return await proven_gone(self._line, deleted & there, self._habits.wanted)

    def _failed(self, error: SourceError, now: float) -> None:
        if self._trouble is None:
            self._failed_at = now
        self._trouble = error
        self._failures += 1
        self._next = now + pause(error, self._failures, self._habits.chance())

    async def _content(self, known: Known, kept: Content | None, user: str) -> Content:
        if kept is not None and kept is self._gave and known.views is self._made_of:
            return kept
        names = await asyncio.to_thread(renames, kept, known)
        if kept is not None and stayed(known, kept) and names == state(kept).renamed:
            return kept
        told = State(
            self._line.access.url, self._version, known.feed.hi, known.feed.holes, known.released, names
        )
        files = {path: view.content for path, view in known.views.items()}
        made = await asyncio.to_thread(make_content, files, told, user)
        return kept if kept is not None and kept.version == made.version else made
