"""Looks at all that an inventory declares for what is new; thousands are looked at whenever something is, so it is to be cheap."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.standings import Known, Part, destroyed_of, parts_of
from setpoint.store.records import Disrupted

SLICE: Final = 500
"""Sheets after which everything else has its turn."""


@dataclass
class Outlook:
    """What is known of each sheet of an inventory."""

    estate: Estate
    inventory: str
    known: dict[str, Known] = field(default_factory=dict[str, Known])
    _parts: Mapping[str, Part] = field(default_factory=dict[str, Part])
    _made_of: tuple[object, ...] = ()

    async def news(self) -> tuple[list[Known], set[str]]:
        """What is known otherwise than at the last look, and the sheets that are gone."""
        parts, destroyed = self._sorted(), destroyed_of(self.estate)
        found: list[Known] = []
        for number, (path, part) in enumerate(parts.items()):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            one = self._news_of(path, part, destroyed)
            if one is not None:
                found.append(one)
                self.known[path] = one
        gone = self.known.keys() - parts.keys()
        for path in gone:
            del self.known[path]
        return found, gone

    def _news_of(self, path: str, part: Part, destroyed: Mapping[Key, tuple[Disrupted, ...]]) -> Known | None:
        """By identity: what was not written anew is the very object of before."""
        key = part.resource.key if part.resource is not None else None
        status = self.estate.store.status(key) if key is not None else None
        item = self.estate.store.item(key) if key is not None else None
        lost = destroyed.get(key, ()) if key is not None else ()
        before = self.known.get(path)
        if (
            before is not None
            and before.status is status
            and before.item is item
            and before.resource is part.resource
            and before.tombstone is part.tombstone
            and (before.mistake, before.kept_back, before.destroyed) == (part.mistake, part.kept_back, lost)
        ):
            return None
        return Known(path, part.resource, status, item, part.tombstone, part.mistake, lost, part.kept_back)

    def _sorted(self) -> Mapping[str, Part]:
        """What each sheet is about, worked out when something is declared otherwise or leaves."""
        estate = self.estate
        made_of = (
            *(estate.resources, estate.dormant, estate.problems, estate.suspended, estate.retained),
            *estate.store.tombstones().values(),
        )
        same = len(made_of) == len(self._made_of)
        if not same or any(one is not other for one, other in zip(made_of, self._made_of, strict=True)):
            self._parts, self._made_of = parts_of(estate, self.inventory), made_of
        return self._parts
