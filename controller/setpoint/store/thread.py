"""How asynchronous code calls the store: in its own thread, or in place where time is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

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
