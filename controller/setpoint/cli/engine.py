"""Puts the engine together from the settings, for the verbs that converge: `run` and `apply`."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from setpoint.machine import own_ids
from setpoint.run.estate import Estate
from setpoint.run.meters import Meters, Silence
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.settings import Settings
from setpoint.sources.build import build_source
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
            yield Supervisor(estate, source)
        finally:
            await calls.close()
            store.close()
