"""What people froze or paused."""

from __future__ import annotations

from setpoint.model.freeze import Freeze, Scope
from setpoint.store.cache import Cache
from setpoint.store.database import Database


class Freezes:
    """At most one freeze per scope and name."""

    _db: Database
    _freezes: Cache[tuple[str, str], Freeze]

    def freeze(self, freeze: Freeze) -> None:
        """Remember it in place of an earlier one of the same scope and name."""
        row = (str(freeze.scope), freeze.name, freeze.by, freeze.why, freeze.at, freeze.until)
        self._db.run("INSERT OR REPLACE INTO freeze VALUES (?, ?, ?, ?, ?, ?)", row)
        self._freezes.put(row[:2], freeze)

    def unfreeze(self, scope: Scope, name: str) -> None:
        """Forget it, if there is one."""
        self._db.run("DELETE FROM freeze WHERE scope = ? AND name = ?", (str(scope), name))
        self._freezes.drop((str(scope), name))

    def freezes(self) -> tuple[Freeze, ...]:
        """Every freeze, also one that has ended by itself; oldest first."""
        return tuple(sorted(self._freezes.rows.values(), key=lambda one: (one.at, one.scope, one.name)))

    def _load_freezes(self) -> dict[tuple[str, str], Freeze]:
        rows = self._db.rows("SELECT scope, name, by, why, at, until FROM freeze")
        return {(row[0], row[1]): Freeze(Scope(row[0]), *row[1:]) for row in rows}
