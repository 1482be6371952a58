"""The history: what happened, to what, and who caused it. Bounded, so that it never fills the disk."""

from __future__ import annotations

from typing import Final

from setpoint.model.key import Key
from setpoint.store.codec import encode, event_from, key_text
from setpoint.store.database import Database
from setpoint.store.records import Event, EventKind

CHATTY: Final = frozenset({EventKind.OUTCOME, EventKind.DRIFT, EventKind.RESYNC})
"""Kinds that tell what was seen; every other kind is audit: it tells what was done or decided."""

KEEP_CHATTY = 200
"""How many events are kept per key of the chatty kinds together."""

KEEP_AUDIT = 2000
"""How many events are kept per key of all other kinds together."""


class Audit:
    """Events, newest first."""

    _db: Database

    def record(self, event: Event) -> None:
        """Add an event; the oldest of the same key beyond what is kept go."""
        with self._db.transaction():
            self._add(event)

    def history(self, key: Key | None = None, limit: int = 50) -> list[Event]:
        """The newest events of a key, or of everything, newest first."""
        if key is None:
            rows = self._db.rows("SELECT document FROM event ORDER BY id DESC LIMIT ?", (limit,))
        else:
            rows = self._db.rows(
                "SELECT document FROM event WHERE key = ? ORDER BY id DESC LIMIT ?", (key_text(key), limit)
            )
        return [event_from(document) for (document,) in rows]

    def _add(self, event: Event) -> None:
        key = key_text(event.key) if event.key else ""
        audit = event.kind not in CHATTY
        self._db.run("INSERT INTO event (key, audit, document) VALUES (?, ?, ?)", (key, audit, encode(event)))
        self._db.run(
            "DELETE FROM event WHERE key = ? AND audit = ? AND id <= ("
            "SELECT id FROM event WHERE key = ? AND audit = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (key, audit, key, audit, KEEP_AUDIT if audit else KEEP_CHATTY),
        )
