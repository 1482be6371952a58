"""What was seen: the status of every key and the inventory of what is ours. Rebuildable by looking again."""

from __future__ import annotations

from setpoint.model.key import Key
from setpoint.store.codec import encode, item_from, key_text, status_from
from setpoint.store.database import Database
from setpoint.store.records import Item, Status


class Observed:
    """Statuses and items."""

    _db: Database

    def save_status(self, status: Status) -> None:
        """Replace the key's status."""
        self._db.run("INSERT OR REPLACE INTO status VALUES (?, ?)", (key_text(status.key), encode(status)))

    def status(self, key: Key) -> Status | None:
        """The key's status; None before its first reconcile."""
        found = self._db.row("SELECT document FROM status WHERE key = ?", (key_text(key),))
        return status_from(found[0]) if found else None

    def statuses(self) -> list[Status]:
        """Every status, ordered by key."""
        rows = self._db.rows("SELECT document FROM status ORDER BY key")
        return [status_from(document) for (document,) in rows]

    def forget_status(self, key: Key) -> None:
        """Drop the key's status, if there is one."""
        self._db.run("DELETE FROM status WHERE key = ?", (key_text(key),))

    def save_item(self, item: Item) -> None:
        """Replace the key's row in the inventory."""
        self._db.run("INSERT OR REPLACE INTO item VALUES (?, ?)", (key_text(item.key), encode(item)))

    def item(self, key: Key) -> Item | None:
        """The key's row in the inventory; None when nothing of ours bears it."""
        found = self._db.row("SELECT document FROM item WHERE key = ?", (key_text(key),))
        return item_from(found[0]) if found else None

    def items(self) -> list[Item]:
        """The whole inventory, ordered by key."""
        return [
            item_from(document) for (document,) in self._db.rows("SELECT document FROM item ORDER BY key")
        ]

    def forget_item(self, key: Key) -> None:
        """Drop the key from the inventory, if it is there."""
        self._db.run("DELETE FROM item WHERE key = ?", (key_text(key),))
