"""What every source offers, and the bell by which it says that it may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import SystemRandom
from typing import Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from setpoint.sources.snapshot import Snapshot

Approved: TypeAlias = Callable[[str], bool]
"""Whether a person released a commit."""

JITTER = 0.1
"""Polls are spread by this share, so that many daemons do not ask one forge in the same second."""


class Source(Protocol):
    """A place where declarations come from."""

    @property
    def name(self) -> str:
        """How it is called in messages and in the store."""
        ...

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        """Everything that is declared now.

        Args:
            previous: the version in force; the new one must descend from it.
            approved: asked for a commit that does not.

        Raises:
            HistoryRewrittenError: the commit in force is gone from the branch and the new one is not approved.
            SourceError: it cannot be read, or not be trusted, as a whole.
        """
        ...

    def watch(self) -> AsyncGenerator[None]:
        """Yields whenever something may have changed; one iteration at a time, to be closed after use."""
        ...

    def poke(self) -> None:
        """Say that something may have changed."""
        ...


@dataclass(frozen=True)
class Limits:
    """What one version may hold; far above any estate, far below what would hurt the host.

    Attributes:
        files: how many declaration files.
        total_bytes: the size of all of them.
    """

    files: int = 20_000
    total_bytes: int = 64 << 20


DEFAULT_LIMITS = Limits()


def local_path(url: str) -> Path | None:
    """The path that a repository's URL names on this host; None when it is elsewhere."""
    if url.startswith("file://"):
        return Path(unquote(urlsplit(url).path))
    return None if ":" in url.partition("/")[0] else Path(url)


class Bell:
    """Rings when somebody pokes it, and by itself at every poll. Rings while nobody waits become one."""

    def __init__(self, poll: timedelta) -> None:
        self._poll = poll.total_seconds()
        self._rung = asyncio.Event()
        self._random = SystemRandom()

    def ring(self) -> None:
        """Wake whoever waits, now or when they come."""
        self._rung.set()

    async def wait(self) -> None:
        """Return at the next ring."""
        spread = 1 + JITTER * (2 * self._random.random() - 1)
        try:
            async with asyncio.timeout(self._poll * spread):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()
