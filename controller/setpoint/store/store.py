"""The store as a whole: one object over one connection, used from one thread at a time."""

from __future__ import annotations

from pathlib import Path
from typing import final

from setpoint.store.audit import Audit
from setpoint.store.database import Database, open_copy, open_existing, open_file, open_memory
from setpoint.store.decisions import Decisions
from setpoint.store.declared import Declared
from setpoint.store.journal import Journal


@final
class Store(Declared, Journal, Audit, Decisions):
    """Everything that is remembered. Every method is one transaction and may raise StateError."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open or make the database at `path`.

        Raises:
            StateError: it is damaged, of a newer Setpoint, or may not be written.
        """
        return cls(open_file(path))

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
        return None if database is None else cls(database)

    @classmethod
    def copy_in_memory(cls, path: Path) -> Store | None:
        """What the database at `path` holds now, to be changed without consequence; None when there is none.

        Raises:
            StateError: it is damaged, or of another version of Setpoint.
        """
        database = open_copy(path)
        return None if database is None else cls(database)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
