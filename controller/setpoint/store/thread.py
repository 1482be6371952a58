"""How asynchronous code calls the store: in its own thread, or in place where time is simulated."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from setpoint.model.errors import StateError

P = ParamSpec("P")
R = TypeVar("R")


class StoreCalls(Protocol):
    """Runs calls of one store, one after the other in the order in which they were made."""

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What `method` returns or raises, e.g. `await calls.call(store.status, key)`."""
        ...

    async def close(self) -> None:
        """Let the calls under way end; none may follow."""
        ...


class StoreThread:
    """Calls run in one thread of their own, so that the disk never holds up the loop.

    A call that was begun runs to its end even when its caller is cancelled; one that waits its turn is dropped.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What `method` returns or raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(method, *args, **kwargs))

    async def close(self) -> None:
        """Wait for the calls under way and end the thread."""
        await asyncio.to_thread(self._thread.shutdown)


class StoreInline:
    """Calls run in place: deterministic under a virtual clock."""

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What `method` returns or raises."""
        return method(*args, **kwargs)

    async def close(self) -> None:
        """Nothing to end."""


class CountedCalls:
    """Tells of every call that the database refused, be it for a full disk, a lock or damage.

    Args:
        calls: who runs the calls.
        failed: called once for each.
    """

    def __init__(self, calls: StoreCalls, failed: Callable[[], None]) -> None:
        self._calls = calls
        self._failed = failed

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What `method` returns or raises."""
        try:
            return await self._calls.call(method, *args, **kwargs)
        except StateError as error:
            if isinstance(error.__cause__, sqlite3.Error):
                self._failed()
            raise

    async def close(self) -> None:
        """See `StoreCalls.close`."""
        await self._calls.close()
