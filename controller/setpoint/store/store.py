"""The store as a whole: one object over one connection, which one thread at a time uses to write and to load.

What a reconcile reads is at hand in memory, for any thread; a second process that writes would go unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import final

from setpoint.model.key import Key
from setpoint.store.cache import Cache
from setpoint.store.database import Database, open_copy, open_existing, open_file, open_memory
from setpoint.store.decisions import Decisions
from setpoint.store.freezes import Freezes
from setpoint.store.records import Event, EventKind, Item, Status
from setpoint.store.tombstones import Tombstones


@final
class Store(Tombstones, Decisions, Freezes):
    """Everything that is remembered. Every method is one transaction and may raise StateError."""

    def __init__(self, database: Database, *, sole: bool = True) -> None:
        """`sole`: no other process writes."""
        self._db = database
        self._kept = {}
        self._layers = {}
        self._statuses = Cache(database, self._load_statuses, keep=sole)
        self._items = Cache(database, self._load_items, keep=sole)
        self._reservations = Cache(database, self._load_reservations, keep=sole)
        self._intents = Cache(database, self._load_intents, keep=sole)
        self._approvals = Cache(database, self._load_approvals, keep=sole)
        self._pins = Cache(database, self._load_pins, keep=sole)
        self._requests = Cache(database, self._load_requests, keep=sole)
        self._freezes = Cache(database, self._load_freezes, keep=sole)
        self._disruptions = Cache(database, self._load_disruptions, keep=sole)
        self._tombstones = Cache(database, self._load_tombstones, keep=sole)
        self._forgotten = Cache(database, self._load_forgotten, keep=sole)
        self._grants = Cache(database, self._load_grants, keep=sole)
        self._salt = Cache(database, self._load_salt, keep=sole)
        self._accepted = Cache(database, self._load_accepted, keep=sole)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open or make the database at `path`.

        Raises:
            StateError: it is damaged, of a newer Setpoint, or may not be written.
        """
        store = cls(open_file(path))
        with ExitStack() as undo:
            undo.callback(store.close)
            # Now, before two threads share the connection: a read may come from any.
            store.load()
            undo.pop_all()
        return store

    @classmethod
    def in_memory(cls) -> Store:
        """A store that is gone when it is closed: the same SQL, no file."""
        return cls(open_memory())

    @classmethod
    def open_readonly(cls, path: Path) -> Store | None:
        """Look at the database at `path` beside a running daemon; None when there is none.

        Raises:
            StateError: it is damaged, or of another version of Setpoint.
        """
        database = open_existing(path)
        return None if database is None else cls(database, sole=False)

    @classmethod
    def copy_in_memory(cls, path: Path) -> Store | None:
        """What the database at `path` holds now, to be changed without consequence; None when there is none.

        Raises:
            StateError: it is damaged, or of another version of Setpoint.
        """
        database = open_copy(path)
        return None if database is None else cls(database)

    def conclude(self, item: Item | None, status: Status, events: Sequence[Event]) -> None:
        """Write how a reconcile ended, all of it or nothing: whoever sees the status finds what the history tells of it."""
        with self._db.transaction():
            if item is not None:
                self.save_item(item)
            self.save_status(status)
            for event in events:
                self._add(event)

    def request(self, keys: Sequence[Key], by: str, at: float, version: str) -> dict[Key, int]:
        """Write down that somebody asked for a look at `keys`, all of it or nothing; the number of each request."""
        with self._db.transaction():
            for key in keys:
                self._add(Event(at, EventKind.RESYNC, "asked to look again", key, version, by))
            return {key: self._next_request(key, by, at) for key in keys}

    def load(self) -> None:
        """Take into memory what a reconcile reads, as far as it is not there yet."""
        caches = (
            self._statuses, self._items, self._reservations, self._intents,
            self._approvals, self._pins, self._requests, self._freezes, self._disruptions, self._salt,
            self._tombstones, self._forgotten, self._grants, self._accepted,
        )  # fmt: skip
        for cache in caches:
            cache.keys()

    def prove(self) -> None:
        """Make sure that the database takes writes.

        Raises:
            StateError: it does not.
        """
        self._db.prove()

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
