"""The rows of one table at hand in memory, so that a read waits for no disk; like the informer cache of a controller.

The disk is written first: memory follows once a change is committed, and never when it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, KeysView, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from setpoint.store.database import Database

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """What each row says, by its key. One thread writes, any may read.

    Args:
        db: whose commits decide what holds.
        load: reads every row; called at first use, and never in a transaction that wrote to the table before.
        keep: False where another process writes: then every look reads anew.
    """

    def __init__(self, db: Database, load: Callable[[], dict[K, V]], *, keep: bool) -> None:
        self._db = db
        self._load = load
        self._keep = keep
        self._rows: dict[K, V] | None = None
        self._renewed: set[K] = set()
        # Renewing looks before it writes, and does so beside the thread whose commits write here.
        self._lock = Lock()

    @property
    def rows(self) -> Mapping[K, V]:
        """Every row; a live view."""
        if self._rows is not None:
            return self._rows
        rows = self._load()
        if self._keep:
            self._rows = rows
        return rows

    def get(self, key: K) -> V | None:
        """The row of `key`."""
        return self.rows.get(key)

    def keys(self) -> KeysView[K]:
        """The keys of all rows; a live view."""
        return self.rows.keys()

    def put(self, key: K, value: V) -> None:
        """Take the row in once the statement before this call is committed."""
        self._db.after_commit(partial(self._take_in, key, value))

    def drop(self, key: K) -> None:
        """Let the row go once the statement before this call is committed."""
        self._db.after_commit(partial(self._let_go, key))

    def renew(self, key: K, value: V, alike: Callable[[V, V], bool]) -> bool:
        """Take the row in without writing it, if it is `alike` the one that is there; it is due for `renewed` then."""
        with self._lock:
            before = self.get(key)
            if before is None or not alike(before, value):
                return False
            self._take(key, value)
            self._renewed.add(key)
            return True

    @contextmanager
    def renewed(self) -> Generator[dict[K, V]]:
        """The rows that were renewed since the last time, to be written in the block; due again when it fails."""
        with self._lock:
            keys, self._renewed = self._renewed, set()
        with ExitStack() as undo:
            undo.callback(self._renew_later, keys)
            yield {key: value for key in keys if (value := self.get(key)) is not None}
            undo.pop_all()

    def _take(self, key: K, value: V) -> None:
        # Without rows nobody asked yet, and whoever asks first reads what is on disk.
        if self._rows is not None:
            self._rows[key] = value

    def _take_in(self, key: K, value: V) -> None:
        with self._lock:
            self._take(key, value)
            self._renewed.discard(key)

    def _let_go(self, key: K) -> None:
        with self._lock:
            if self._rows is not None:
                self._rows.pop(key, None)
            self._renewed.discard(key)

    def _renew_later(self, keys: set[K]) -> None:
        with self._lock:
            self._renewed |= keys
