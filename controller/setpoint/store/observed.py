"""What was seen: the status of every key and the inventory of what is ours. Rebuildable by looking again.

When a key was last looked at is written from time to time only: a process that is killed loses that, and no more.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from setpoint.model.key import Key
from setpoint.store.cache import Cache
from setpoint.store.codec import encode, item_from, key_text, status_from
from setpoint.store.database import Database
from setpoint.store.records import Item, Status

STATUS_TIMES: Final = ("reconciled_at", "in_sync_at", "measured")
"""What is new in a status although nothing happened: the times, and numbers that move all the time."""
ITEM_TIMES: Final = ("seen_at",)
"""What is new in an item although nothing happened."""


class Observed:
    """Statuses and items."""

    _db: Database
    _statuses: Cache[Key, Status]
    _items: Cache[Key, Item]

    def save_status(self, status: Status) -> None:
        """Replace the key's status."""
        self._db.run("INSERT OR REPLACE INTO status VALUES (?, ?)", (key_text(status.key), encode(status)))
        self._statuses.put(status.key, status)

    def renew_status(self, status: Status) -> bool:
        """Remember the status without the disk, if only its times are new; False when it is to be saved."""
        return self._statuses.renew(status.key, status, _alike_statuses)

    def status(self, key: Key) -> Status | None:
        """The key's status; None before its first reconcile."""
        return self._statuses.get(key)

    def statuses(self) -> list[Status]:
        """Every status, ordered by key."""
        return sorted(self._statuses.rows.values(), key=_by_key)

    def status_rows(self) -> dict[Key, Status]:
        """Every status by its key: a copy that costs next to nothing, for whoever reads them in another thread."""
        return dict(self._statuses.rows)

    def forget_status(self, key: Key) -> None:
        """Drop the key's status, if there is one."""
        self._db.run("DELETE FROM status WHERE key = ?", (key_text(key),))
        self._statuses.drop(key)

    def save_item(self, item: Item) -> None:
        """Replace the key's row in the inventory."""
        self._db.run("INSERT OR REPLACE INTO item VALUES (?, ?)", (key_text(item.key), encode(item)))
        self._items.put(item.key, item)

    def renew_item(self, item: Item) -> bool:
        """Remember the item without the disk, if only its time is new; False when it is to be saved."""
        return self._items.renew(item.key, item, _alike_items)

    def item(self, key: Key) -> Item | None:
        """The key's row in the inventory; None when nothing of ours bears it."""
        return self._items.get(key)

    def items(self) -> list[Item]:
        """The whole inventory, ordered by key."""
        return sorted(self._items.rows.values(), key=_by_key)

    def inventory(self) -> list[Item]:
        """The same in no order, for whoever asks all of them again and again."""
        return list(self._items.rows.values())

    def population(self, target: Key, kind: str) -> int:
        """How many objects of a kind on `target` are ours and declared."""
        return sum(
            item.target == target and item.key.kind == kind and not item.released for item in self.inventory()
        )

    def forget_item(self, key: Key) -> None:
        """Drop the key from the inventory, if it is there."""
        self._db.run("DELETE FROM item WHERE key = ?", (key_text(key),))
        self._items.drop(key)

    def flush(self) -> None:
        """Write the times of what was renewed, all of it or nothing."""
        with self._statuses.renewed() as statuses, self._items.renewed() as items:
            if statuses or items:
                with self._db.transaction():
                    self._write_times("status", STATUS_TIMES, statuses)
                    self._write_times("item", ITEM_TIMES, items)

    def _write_times(self, table: str, names: tuple[str, ...], rows: dict[Key, Any]) -> None:
        # Patched by SQLite, which holds up nobody: whole documents would take the loop's time to encode.
        members = "".join(f", '$.{name}', json(?)" for name in names)
        self._db.run_many(
            f"UPDATE {table} SET document = json_set(document{members}) WHERE key = ?",  # noqa: S608  # our own names
            ((*(encode(getattr(row, name)) for name in names), key_text(key)) for key, row in rows.items()),
        )

    def _load_statuses(self) -> dict[Key, Status]:
        rows = self._db.rows("SELECT document FROM status")
        return {status.key: status for status in (status_from(document) for (document,) in rows)}

    def _load_items(self) -> dict[Key, Item]:
        rows = self._db.rows("SELECT document FROM item")
        return {item.key: item for item in (item_from(document) for (document,) in rows)}


def _others(value: type[Any], times: tuple[str, ...]) -> attrgetter[Any]:
    return attrgetter(*(field.name for field in fields(value) if field.name not in times))


_status_others = _others(Status, STATUS_TIMES)
_item_others = _others(Item, ITEM_TIMES)


def _alike_statuses(before: Status, after: Status) -> bool:
    """The first time that something is in sync is no mere time."""
    return (before.in_sync_at is None) == (after.in_sync_at is None) and _status_others(
        before
    ) == _status_others(after)


def _alike_items(before: Item, after: Item) -> bool:
    """What was never seen, and whether it was, decides what may be made anew."""
    return bool(before.seen_at) == bool(after.seen_at) and _item_others(before) == _item_others(after)


def _by_key(row: Status | Item) -> str:
    return key_text(row.key)
