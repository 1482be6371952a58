"""Checks made by calls that may hang: in a thread that doctor leaves behind when the time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Thread
from typing import Final

from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict

PATIENCE: Final = 60.0
"""Seconds that one examination may take."""


async def examined(examine: Callable[[], Iterator[Check]]) -> tuple[Sequence[Check], Check | None]:
    """What was found within the time, and why that is not all; None when it is."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    found: list[Check] = []
    late = f"not everything was looked at within {PATIENCE:g} s"
    failure: Check | None = Check("time", Verdict.WRONG, late, "see whether it answers from this host")

    def look() -> None:
        nonlocal failure
        try:
            for check in examine():
                found.append(check)  # noqa: PERF402  # what was found before the time was up is kept
            failure = None
        except SetpointError as error:
            failure = Check("examination", Verdict.WRONG, error.message, error.remedy)
        finally:
            with suppress(RuntimeError):  # The loop may be closed, for nobody waits any more.
                loop.call_soon_threadsafe(ended.set)

    # No asyncio.to_thread: whoever ends waits for all threads of that.
    Thread(target=look, name="examination", daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    return tuple(found), failure
