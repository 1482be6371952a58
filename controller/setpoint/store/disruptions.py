"""What was begun that restarts or destroys something: counted over a day, so that a wave of it is stopped."""

from __future__ import annotations

from typing import Final

from setpoint.model.key import Key
from setpoint.model.plan import Disruption
from setpoint.store.cache import Cache
from setpoint.store.codec import key_from, key_text
from setpoint.store.database import Database
from setpoint.store.records import Disrupted

KEPT: Final = 7 * 86_400.0
"""Seconds for which a row is kept: longer than any count reaches back, also when the clock was wrong for a while."""


class Disruptions:
    """At most one row per key and moment."""

    _db: Database
    _disruptions: Cache[tuple[Key, float], Disrupted]

    def note_disruption(self, one: Disrupted) -> None:
        """Remember it; rows that no count reaches any more are dropped."""
        self._forget_old(one.at - KEPT)
        row = (key_text(one.key), one.at, key_text(one.target), one.key.kind, one.disruption.name.lower())
        self._db.run("INSERT OR REPLACE INTO disruption VALUES (?, ?, ?, ?, ?)", row)
        self._disruptions.put((one.key, one.at), one)

    def take_back_disruption(self, key: Key, at: float) -> None:
        """Forget it, for the step certainly did not happen."""
        self._db.run("DELETE FROM disruption WHERE key = ? AND at = ?", (key_text(key), at))
        self._disruptions.drop((key, at))

    def disrupted(self, target: Key, kind: str, after: float) -> dict[Key, float]:
        """When each resource of a kind on `target` was disturbed last, if that was later than `after`."""
        found: dict[Key, float] = {}
        for one in self.disruptions():
            if one.target == target and one.key.kind == kind and one.at > after:
                found[one.key] = one.at
        return found

    def disruptions(self) -> list[Disrupted]:
        """Every row, oldest first."""
        return sorted(self._disruptions.rows.values(), key=lambda one: (one.at, key_text(one.key)))

    def _forget_old(self, before: float) -> None:
        old = [place for place, one in self._disruptions.rows.items() if one.at < before]
        for key, at in old:
            self.take_back_disruption(key, at)

    def _load_disruptions(self) -> dict[tuple[Key, float], Disrupted]:
        rows = self._db.rows("SELECT key, at, target, class FROM disruption")
        found = (
            Disrupted(key_from(key), at, key_from(target), Disruption[name.upper()])
            for key, at, target, name in rows
        )
        return {(one.key, one.at): one for one in found}
