"""Writes entries into the journals of objects, each once, be the reply lost or the process killed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from setpoint.model.standing import Stand, Standing
from setpoint_netbox.api.line import Line
from setpoint_netbox.report.echoes import Echoes
from setpoint_netbox.report.journal import MOST, QUIET, Entry, Written, entries, ours, ref_of, worth
from setpoint_netbox.report.objects import Object
from setpoint_netbox.report.settings import Journal

PATH: Final = "extras/journal-entries/"
HOURLY: Final = 200
"""Entries an hour at all objects together; of what is beyond, the custom fields tell."""
_HOUR: Final = 3600.0
_WRONG: Final = frozenset({Stand.FAILED, Stand.STALLED})
_log = structlog.stdlib.get_logger("setpoint.netbox")


@dataclass
class Scribe:
    """Keeps the journals of one NetBox for an estate; `now` is seconds since the epoch."""

    line: Line
    echoes: Echoes
    estate: str
    journal: Journal
    now: Callable[[], float]
    _told: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    _wrong: set[str] = field(default_factory=set[str])
    _hour: deque[float] = field(default_factory=deque[float])

    def concerns(self, standing: Standing, before: str | None = None) -> bool:
        """Whether the journal has to be looked at; `before` is the phase that NetBox shows."""
        if self.journal is Journal.NONE:
            return False
        told = self._told.get(standing.path, {})
        refs = [ref_of(self.estate, standing, one.token) for one in worth(standing, self.journal)]
        fresh = any(self.now() - told.get(ref, 0.0) >= QUIET for ref in refs)
        return fresh or (
            standing.phase is Stand.IN_SYNC and (before in _WRONG or standing.path in self._wrong)
        )

    async def write(self, standing: Standing, thing: Object) -> int:
        """Write what the journal lacks; how many entries that were.

        Raises:
            NetBoxError: it cannot be read or written; what was written is found there the next time.
        """
        there = await self._there(thing)
        happened = worth(standing, self.journal)
        lacking = entries(self.estate, standing, happened, there, self.now())
        for entry in lacking:
            if self._is_full():
                _log.warning(
                    "journal_full",
                    object=thing.view,
                    entry=entry.comments,
                    remedy=f"at most {HOURLY} an hour",
                )
            else:
                await self._post(entry, thing)
        self._note(standing, there)
        return len(lacking)

    async def _there(self, thing: Object) -> list[Written]:
        query = (
            ("assigned_object_type", thing.type),
            ("assigned_object_id", str(thing.id)),
            ("ordering", "-created"),
            ("limit", str(4 * MOST)),
        )
        page: Any = await self.line.get(PATH, query)
        return ours(page["results"], thing.id)

    async def _post(self, entry: Entry, thing: Object) -> None:
        body = {
            "assigned_object_type": thing.type,
            "assigned_object_id": thing.id,
            "kind": entry.kind,
            "comments": entry.comments,
        }
        answer = await self.line.send("POST", PATH, (), body)
        self.echoes.note(answer.request)
        self._hour.append(self.now())

    def _note(self, standing: Standing, there: list[Written]) -> None:
        now, path = self.now(), standing.path
        at = {one.ref: one.at for one in there}
        refs = (ref_of(self.estate, standing, one.token) for one in worth(standing, self.journal))
        self._told[path] = {ref: at[ref] if now - at.get(ref, 0.0) < QUIET else now for ref in refs}
        if standing.phase in _WRONG:
            self._wrong.add(path)
        elif standing.phase is Stand.IN_SYNC:
            self._wrong.discard(path)

    def _is_full(self) -> bool:
        while self._hour and self.now() - self._hour[0] > _HOUR:
            self._hour.popleft()
        return len(self._hour) >= HOURLY
