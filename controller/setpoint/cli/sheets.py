"""What inventories declare, for verbs that work without a daemon: read now, or as it was read last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, final

from setpoint.desired.compiled import Compiled
from setpoint.inventories import open_inventories
from setpoint.model.errors import StateError
from setpoint.model.inventory import PREFIX, Content, Inventory
from setpoint.model.kind import Kind
from setpoint.run.estate import SourceState
from setpoint.run.inventories import compiled_of
from setpoint.settings import Settings
from setpoint.sources.layered import LayeredSource, Reading, never_read, read_once
from setpoint.sources.snapshot import Snapshot
from setpoint.sources.source import Approved
from setpoint.store.store import Store


@dataclass(frozen=True)
class Beneath:
    """What inventories hold, to be laid below any version of the declarations.

    Attributes:
        inventories: those that were read, now or before.
        contents: what they hold, by what they are called in the store.
        states: how each was read, by its name.
        told: what people have to know of it, one sentence each.
    """

    inventories: tuple[Inventory, ...] = ()
    contents: Mapping[str, Content] = field(default_factory=dict[str, Content])
    states: Mapping[str, SourceState] = field(default_factory=dict[str, SourceState])
    told: tuple[str, ...] = ()

    async def below(self, base: Snapshot) -> Snapshot:
        """The same declarations with the sheets of inventories."""
        if not self.inventories:
            return base
        layered = LayeredSource(_Given(base), self.inventories, self._kept, _unheard)
        return await layered.fetch(None, _nothing_approved)

    async def _kept(self, source: str) -> Content | None:
        return self.contents.get(source)


def remembered(settings: Settings) -> Store | None:
    """The store beside whoever may be writing it, to be closed by the caller; None when it cannot be read from here."""
    try:
        return Store.open_readonly(settings.database_path)
    except (OSError, StateError):
        return None


@asynccontextmanager
async def beneath(
    settings: Settings, kinds: Mapping[str, Kind[Any, Any]], store: Store | None, *, afresh: bool
) -> AsyncGenerator[Beneath]:
    """What the inventories of the settings hold: read `afresh`, where that works, else what `store` keeps.

    Raises:
        SettingsError: what the settings say of one cannot be.
        SourceError: one cannot be read afresh and never was.
    """
    inventories = open_inventories(settings, kinds, store.approved if store else _nothing_approved)
    async with AsyncExitStack() as stack:
        for inventory in inventories:
            stack.push_async_callback(inventory.close)
        kept = {one.name: _kept(store, one.name) for one in inventories}
        readings = (
            await asyncio.gather(*(read_once(one, kept[one.name]) for one in inventories))
            if afresh
            else [Reading(name, content) for name, content in kept.items()]
        )
        for reading in readings if afresh else ():
            if reading.content is None:
                raise never_read(reading)
        yield _beneath(inventories, readings, store, afresh=afresh)


async def compiled_as_kept(
    settings: Settings, files: Mapping[str, bytes], kinds: Mapping[str, Kind[Any, Any]]
) -> tuple[Compiled, tuple[str, ...]]:
    """What a folder declares above what inventories held when they were read last, and what is to be known of those.

    Raises:
        SettingsError: what the settings say of one cannot be.
    """
    store = remembered(settings)
    try:
        async with beneath(settings, kinds, store, afresh=False) as sheets:
            snapshot = await sheets.below(Snapshot("directory", "working tree", files))
            return compiled_of(snapshot, kinds), sheets.told
    finally:
        if store is not None:
            store.close()


def _beneath(
    inventories: Sequence[Inventory], readings: Sequence[Reading], store: Store | None, *, afresh: bool
) -> Beneath:
    contents = {PREFIX + one.name: one.content for one in readings if one.content is not None}
    told = (_told(one, _last_read(store, one.name), afresh=afresh) for one in readings)
    return Beneath(
        tuple(one for one in inventories if PREFIX + one.name in contents),
        contents,
        {one.name: _state(one) for one in readings if one.content is not None},
        tuple(one for one in told if one),
    )


def _kept(store: Store | None, name: str) -> Content | None:
    layer = store.layer(PREFIX + name) if store is not None else None
    return Content(layer.version, layer.files) if layer is not None else None


def _last_read(store: Store | None, name: str) -> str:
    at = store.last_read(PREFIX + name) if store is not None else 0.0
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _state(reading: Reading) -> SourceState:
    sentence = str(reading.error) if reading.error is not None else "what it holds was read"
    return SourceState(good=reading.error is None, sentence=sentence, at=0.0)


def _told(reading: Reading, last: str, *, afresh: bool) -> str:
    name = reading.name
    if reading.content is None:
        return f"{name} was never read here, so nothing that it declares counts"
    if reading.error is not None:
        return f"{name} cannot be read now, so what was read at {last} counts: {reading.error}"
    return "" if afresh else f"{name} was not asked; what was read at {last} counts"


@final
class _Given:
    """A source that has nothing but this."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.name = snapshot.source
        self._snapshot = snapshot

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        """It, whatever came before."""
        del previous, approved
        return self._snapshot

    async def watch(self) -> AsyncGenerator[None]:
        """Nothing changes."""
        return
        yield

    def poke(self) -> None:
        """Nothing changes."""


async def _unheard(_: Reading) -> None:
    """They were read already."""


def _nothing_approved(_: str) -> bool:
    return False
