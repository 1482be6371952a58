"""Puts the engine together from the settings, for the verbs that converge: `run` and `apply`."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from setpoint.inventories import open_inventories
from setpoint.machine import own_ids
from setpoint.model.inventory import PREFIX
from setpoint.run.estate import Estate, SourceState
from setpoint.run.inventories import UNREAD, heard, kept
from setpoint.run.meters import Meters, Silence
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.settings import Settings
from setpoint.sources.build import build_source
from setpoint.sources.layered import LayeredSource
from setpoint.sources.source import Source
from setpoint.store.lock import StateLock
from setpoint.store.store import Store
from setpoint.store.thread import CountedCalls, StoreThread
from setpoint.systems import installed_kinds


@asynccontextmanager
async def open_engine(settings: Settings, meters: Meters | None = None) -> AsyncGenerator[Supervisor]:
    """A supervisor that is ready to run, with the state directory to itself for the length of the block.

    Args:
        settings: what the person wrote.
        meters: told what happens; nobody when left out.

    Raises:
        StateInUseError: another process has it.
        SetpointError: a system, the source or the store cannot be used.
    """
    # Thousands of long-lived values: with the default thresholds the collector walks them all again and again.
    gc.set_threshold(50_000, 20, 20)
    kinds, ports = installed_kinds(settings.work), Ports(meters=meters or Silence())
    source = build_source(settings.source, settings.state)
    with StateLock(settings.state):
        store, calls = (
            Store.open(settings.database_path),
            CountedCalls(StoreThread(), ports.meters.store_failed),
        )
        try:
            estate = Estate(
                settings.estate, kinds, store, calls, ports, caution=settings.caution(own_ids(os.environ))
            )
            async with overseen(settings, estate, source) as supervisor:
                yield supervisor
        finally:
            await calls.close()
            store.close()


@asynccontextmanager
async def overseen(settings: Settings, estate: Estate, source: Source) -> AsyncGenerator[Supervisor]:
    """A supervisor of what the source declares, and what the inventories of the settings declare below it.

    Raises:
        SettingsError: what the settings say of an inventory cannot be.
        StateError: the store cannot be read.
    """
    async with layered(settings, estate, source) as below:
        inventories = below.inventories if isinstance(below, LayeredSource) else ()
        yield Supervisor(estate, below, inventories=inventories)


@asynccontextmanager
async def layered(settings: Settings, estate: Estate, source: Source) -> AsyncGenerator[Source]:
    """The source with the inventories of the settings below it, whose connections are given back after the block."""
    inventories = open_inventories(settings, estate.kinds, estate.store.approved)
    if not inventories:
        yield source
        return
    for inventory in inventories:
        read = await estate.calls.call(estate.store.last_read, PREFIX + inventory.name)
        estate.inventories[inventory.name] = SourceState(good=False, sentence=UNREAD, at=0.0, fetched=read)
    async with AsyncExitStack() as stack:
        for inventory in inventories:
            stack.push_async_callback(inventory.close)
        yield LayeredSource(source, inventories, partial(kept, estate), partial(heard, estate))
