"""Declarations of a repository above those of inventories. Each is read when it rings, and apart from the others.

What cannot be read stays as it was read last, by this process or by the one before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, TypeAlias, final

from setpoint.model.errors import SettingsError, SourceError
from setpoint.model.inventory import PREFIX, Content, Inventory, Sheets
from setpoint.sources.snapshot import Share, Snapshot
from setpoint.sources.source import Approved, Source


@dataclass(frozen=True)
class Reading:
    """How an inventory was read: `error` says why not, and `content` is then what was read before, if anything was."""

    name: str
    content: Content | None
    error: SourceError | SettingsError | None = None


PATIENCE: Final = 600.0
"""Seconds for one reading, be it of everything for the first time; less than systemd waits for the start of a daemon."""

Memory: TypeAlias = Callable[[str], Awaitable[Content | None]]
"""What is kept of a source, by what it is called in the store; None when it never gave anything."""
Told: TypeAlias = Callable[[Reading], Awaitable[None]]
"""Hears of every reading."""


@dataclass
class _Layer:
    """One inventory, and what is known of it; `tried` once this process has read it, with success or without."""

    inventory: Inventory
    content: Content | None = None
    error: SourceError | SettingsError | None = None
    tried: bool = False
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: _Made | None = None


@dataclass(frozen=True)
class _Made:
    """The sheets that were made of just these two."""

    content: Content
    files: Mapping[str, bytes]
    sheets: Mapping[str, bytes]
    share: Share


@final
class LayeredSource:
    """A source with inventories below it; what it gives has the version of the source.

    Args:
        base: the source.
        inventories: in the order of their names, which differ.
        memory: what was kept of each; may raise StateError.
        told: hears how each inventory was read.
    """

    def __init__(self, base: Source, inventories: Iterable[Inventory], memory: Memory, told: Told) -> None:
        self.name = base.name
        self.base = base
        self._layers = [_Layer(one) for one in inventories]
        self._memory = memory
        self._told = told
        self._last: Snapshot | None = None
        self._trouble: SourceError | None = None
        self._rung = True
        self._recalled = False

    @property
    def inventories(self) -> tuple[Inventory, ...]:
        """All of them."""
        return tuple(layer.inventory for layer in self._layers)

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        """Everything that is declared now: the source is read when it rang, inventories were read when they did.

        Raises:
            HistoryRewrittenError, SourceError: as the source, while there is nothing that was read before.
            SourceError: an inventory was never read, so that nobody knows what is declared.
            StateError: what was kept cannot be read.
        """
        await self._recall()
        fresh = self._is_due()
        last = await self._read_base(previous, approved)
        unread = [layer for layer in self._layers if layer.content is None]
        await asyncio.gather(*(self._read(layer) for layer in unread if not layer.tried))
        files, shares = dict(last.files), dict[str, Share]()
        for layer in self._layers:
            made = await self._made(layer, last.files)
            files.update(made.sheets)
            shares[layer.inventory.name] = made.share
        return Snapshot(
            last.source,
            last.version,
            files,
            last.author,
            last.subject,
            last.notes,
            shares,
            self._trouble,
            fresh=fresh,
        )

    def _is_due(self) -> bool:
        """Whether the source rang, or has given nothing yet."""
        return self._last is None or self._rung

    async def refresh(self) -> None:
        """Read every inventory now; for whoever does not wait for rings."""
        await self._recall()
        await asyncio.gather(*(self._read(layer) for layer in self._layers))

    async def watch(self) -> AsyncGenerator[None]:
        """Rings when the source rang, and when what an inventory holds was found changed."""
        news = asyncio.Event()
        followers = [asyncio.create_task(self._follow_base(news), name="follow-base")]
        followers += [
            asyncio.create_task(self._follow(layer, news), name=f"follow-{layer.inventory.name}")
            for layer in self._layers
        ]
        for follower in followers:
            follower.add_done_callback(lambda _: news.set())
        try:
            while True:
                await news.wait()
                news.clear()
                for follower in followers:
                    if follower.done():
                        follower.result()
                yield
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)

    def poke(self) -> None:
        """Say that the source may have changed."""
        self.base.poke()

    async def _follow_base(self, news: asyncio.Event) -> None:
        async with aclosing(self.base.watch()) as rings:
            async for _ in rings:
                self._rung = True
                news.set()

    async def _follow(self, layer: _Layer, news: asyncio.Event) -> None:
        """Read it at once unless it was already, and then at every ring; a slow one holds up nobody else."""
        if not layer.tried and await self._read(layer):
            news.set()
        async with aclosing(layer.inventory.watch()) as rings:
            async for _ in rings:
                if await self._read(layer):
                    news.set()

    async def _recall(self) -> None:
        if not self._recalled:
            for layer in self._layers:
                layer.content = await self._memory(PREFIX + layer.inventory.name)
            self._recalled = True

    async def _read_base(self, previous: str | None, approved: Approved) -> Snapshot:
        """What the source gave last, which is read anew when it rang, or when it has given nothing yet."""
        if self._last is not None and not self._rung:
            return self._last
        # Before it is read: a ring meanwhile may be about what this reading does not see.
        self._rung = False
        try:
            self._last, self._trouble = await self.base.fetch(previous, approved), None
        except SourceError as error:
            self._trouble = error
            self._last = self._last or await self._kept_base()
            if self._last is None:
                raise
        return self._last

    async def _kept_base(self) -> Snapshot | None:
        kept = await self._memory(self.base.name)
        return Snapshot(self.base.name, kept.version, kept.files) if kept is not None else None

    async def _read(self, layer: _Layer) -> bool:
        """Read an inventory; whether it holds something else now."""
        async with layer.reading:
            before = layer.content
            reading = await read_once(layer.inventory, before)
            layer.content, layer.error, layer.tried = reading.content, reading.error, True
            await self._told(reading)
            now = layer.content
        return now is not None and (before is None or before.version != now.version)

    async def _made(self, layer: _Layer, files: Mapping[str, bytes]) -> _Made:
        """The sheets of an inventory.

        Raises:
            SourceError: it was never read.
        """
        content = layer.content
        if content is None:
            raise never_read(Reading(layer.inventory.name, None, layer.error))
        if layer.made is None or layer.made.content is not content or layer.made.files is not files:
            found = await asyncio.to_thread(layer.inventory.sheets, content, files)
            layer.made = _put_together(layer.inventory.name, content, files, found)
        return layer.made


def _put_together(name: str, content: Content, files: Mapping[str, bytes], found: Sheets) -> _Made:
    top = f"{PREFIX}{name}/"
    sheets = {top + path: text for path, text in sorted(found.files.items())}
    released, unexplained = (
        frozenset(top + path for path in paths) for paths in (found.released, found.unexplained)
    )
    share = Share(content, len(sheets), released, unexplained, found.problems, found.notes)
    return _Made(content, files, sheets, share)


async def read_once(inventory: Inventory, kept: Content | None) -> Reading:
    """What an inventory holds now, else what is kept of it, and why."""
    try:
        async with asyncio.timeout(PATIENCE):
            return Reading(inventory.name, await inventory.fetch(kept))
    except (SourceError, SettingsError) as error:
        return Reading(inventory.name, kept, error)
    except TimeoutError:
        late = SourceError(
            f"it was not read within {PATIENCE / 60:.0f} minutes",
            remedy="see whether it answers from this host",
        )
        return Reading(inventory.name, kept, late)


def never_read(reading: Reading) -> SourceError:
    """Without what an inventory declares, a manifest may mean something else, so nothing of it is taken for true."""
    name, error = reading.name, reading.error
    why = error.message if error is not None else "it was not asked yet"
    first = f"{error.remedy}; " if error is not None and error.remedy else ""
    return SourceError(
        f"the inventory {name} was never read, so nothing new comes into force: {why}",
        remedy=f"{first}or take {name} out of `inventories` in the settings until it can be read",
    )
