"""Declarations in a folder of this host: no history, no author; the version is a digest of the content."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import final

from setpoint.model.errors import SourceError
from setpoint.sources.folder import look, read_all
from setpoint.sources.snapshot import Snapshot
from setpoint.sources.source import DEFAULT_LIMITS, Approved, Bell, Limits
from setpoint.sources.tree import check_limits
from setpoint.sources.watching import Watched, rings

SETTLE = 0.1
"""Seconds that nothing may change around a reading; an editor or a copy writes again sooner."""

ATTEMPTS = 30
"""Readings until a folder that never comes to rest is given up."""


@final
class DirectorySource:
    """A folder and everything below it that is not hidden.

    Args:
        root: the folder; links that leave it are not followed.
        poll: how often to look although no change was reported.
        limits: what it may hold.
    """

    def __init__(
        self, root: Path, *, name: str = "directory", poll: timedelta = timedelta(seconds=60),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:  # fmt: skip
        self.name = name
        self._root = root
        self._limits = limits
        self._bell = Bell(poll)

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        """Everything that the folder declares, read while nobody wrote to it.

        Args:
            previous: of no meaning: a folder has no history.
            approved: of no meaning either.

        Raises:
            SourceError: it cannot be read, or does not come to rest.
        """
        del previous, approved
        for _ in range(ATTEMPTS):
            before = await asyncio.to_thread(look, self._root)
            check_limits(before.sizes, self._limits, str(self._root))
            files = await asyncio.to_thread(read_all, self._root, before)
            await asyncio.sleep(SETTLE)
            if files is not None and before == await asyncio.to_thread(look, self._root):
                version = await asyncio.to_thread(digest, files)
                return Snapshot(self.name, version, files, notes=before.notes)
        raise SourceError(
            f"{self._root} changed again and again while it was read",
            remedy="find out what writes there; it is tried again at the next poll",
        )

    async def watch(self) -> AsyncGenerator[None]:
        """Rings at every change, poll and poke."""
        async for _ in rings(self._bell, (Watched(self._root, hidden=False),)):
            yield

    def poke(self) -> None:
        """Say that something changed."""
        self._bell.ring()


def digest(files: Mapping[str, bytes]) -> str:
    """A version: equal for equal paths and contents, and for nothing else."""
    whole = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()
