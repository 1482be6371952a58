"""A NetBox as an inventory: what it holds, the declarations made of that, and what is told back to it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from setpoint.model.inventory import Content, Opening, Sheets
from setpoint_netbox.api.line import Access, Line
from setpoint_netbox.hook import serve_hook
from setpoint_netbox.mapping.reading import FILE
from setpoint_netbox.mapping.render import Renderer
from setpoint_netbox.report.feedback import feedback
from setpoint_netbox.report.report import Means, Report
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.watch.selection import wanted
from setpoint_netbox.watch.watcher import Habits, Watcher

if TYPE_CHECKING:
    from setpoint.model.standing import Standing


class NetBoxInventory:
    """The inventory `netbox`; nobody is called before the first `fetch`."""

    def __init__(self, settings: NetBoxSettings, opening: Opening) -> None:
        """Put the parts together."""
        self.name = "netbox"
        self._settings = settings
        self._opening = opening
        self._line = Line(Access(settings.url, lambda: opening.secret(settings.token), settings.ca))
        self._renderer = Renderer(opening.lent, opening.kinds)
        chance = SystemRandom()
        self._report: Report | None = None
        if settings.write_back is not None:
            means = Means(opening.estate, self._line, self._shown, self._reading, time.time, chance.random)
            self._report = Report(settings.write_back, means)
        self._watcher = Watcher(
            self._line,
            Habits(
                wanted(settings), settings.poll, settings.snapshot, opening.approved, self._is_ours, time.time, chance.random
            ),
        )  # fmt: skip

    async def fetch(self, kept: Content | None) -> Content:
        """As the port says; raises DoubtError when too much is gone that nobody was seen to delete."""
        return await self._watcher.fetch(kept)

    def watch(self) -> AsyncGenerator[None]:
        """Rings at every poll, when NetBox calls, and later while it fails."""
        return self._watcher.watch()

    def poke(self) -> None:
        """Have everything read afresh."""
        self._watcher.poke()

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        """What the objects declare, by the maps of the repository and of the installed systems."""
        made = self._renderer.sheets(content, files)
        if self._settings.write_back is None:
            return made
        maps = (*self._opening.lent.values(), files.get(FILE, b"").decode(errors="replace"))
        return replace(made, notes=(*feedback(self._settings.write_back.fields, maps), *made.notes))

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Takes the calls of NetBox's webhook while a daemon runs, where the settings name an address for them."""
        hook = self._settings.webhook
        if hook is None:
            yield
            return
        async with serve_hook(hook, lambda: self._opening.secret(hook.secret), time.time, self._watcher.ring):
            yield

    async def tell(self, standings: Sequence[Standing]) -> None:
        """Write it into NetBox, where the settings say so.

        Raises:
            NotToldError: it does not take in some of them.
            SourceError: it takes in nothing now.
        """
        if self._report is not None:
            await self._report.tell(standings)

    async def close(self) -> None:
        """Give the connection back."""
        await self._line.close()

    def _is_ours(self, request: str) -> bool:
        return self._report is not None and self._report.is_ours(request)

    def _shown(self, path: str) -> Mapping[str, Any] | None:
        return self._watcher.shown(path)

    def _reading(self, path: str) -> object:
        return self._watcher.reading(path)
