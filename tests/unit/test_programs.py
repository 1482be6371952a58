"""Programs of this machine: whoever stops waiting for one leaves neither it nor its children behind."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from setpoint import programs
from tests.rig.waiting import until


def running(word: str) -> list[Path]:
    """The processes with this word in their command line."""
    found: list[Path] = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in place.read_bytes():
                found.append(place)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("turns", range(8))
async def test_one_that_is_given_up_while_it_starts_is_gone_with_its_children(turns: int) -> None:
    seconds = f"1000.{os.getpid()}{turns}"
    starting = asyncio.create_task(programs.start(("sh", "-c", f"sleep {seconds} & wait"), dict(os.environ)))
    for _ in range(turns):
        await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251  # the program goes on, and the loop does not
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await asyncio.to_thread(until, lambda: not running(seconds), "everything is gone")


async def test_one_that_is_not_there_says_so() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        await programs.start(("no-such-program",), dict(os.environ))
