"""One connection to SQLite: how it is opened, brought to the newest shape, and written in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from setpoint.model.errors import StateError
from setpoint.store.faults import explain
from setpoint.store.schema import migrations

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another program that reads or backs up the file."""

Value: TypeAlias = str | bytes | int | float | None


class Database:
    """Runs SQL and turns what the machine does to us into StateError.

    Args:
        connection: in autocommit mode; `transaction` begins and commits.
        path: for messages; None for a database in memory.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._connection = connection
        self._path = path
        self._then: list[Callable[[], object]] = []

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Every row that a statement gives."""
        with self._explained():
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> tuple[Any, ...] | None:
        """The first row that a statement gives."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """One statement; a transaction of its own unless one is under way."""
        self.rows(sql, parameters)

    def run_many(self, sql: str, parameters: Iterator[Sequence[Value]]) -> None:
        """One statement for each row of parameters."""
        with self._explained():
            self._connection.executemany(sql, parameters)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of it or nothing."""
        with ExitStack() as undo:
            self.run("BEGIN IMMEDIATE")
            undo.callback(self._roll_back)
            yield
            self.run("COMMIT")
            undo.pop_all()
        then, self._then = self._then, []
        for told in then:
            told()

    def after_commit(self, told: Callable[[], object]) -> None:
        """Call `told` once what was written is committed: now when it is, never when it is rolled back."""
        if self._connection.in_transaction:
            self._then.append(told)
        else:
            told()

    def migrate(self) -> None:
        """Bring the database to the newest shape, each step as a whole.

        Raises:
            StateError: a newer Setpoint wrote it.
        """
        scripts = migrations()
        for number in range(self.version(len(scripts)) + 1, len(scripts) + 1):
            script = f"BEGIN IMMEDIATE;\n{scripts[number - 1]}\nPRAGMA user_version = {number};\nCOMMIT;"
            with self._explained(), ExitStack() as undo:
                undo.callback(self._roll_back)
                self._connection.executescript(script)
                undo.pop_all()

    def version(self, newest: int) -> int:
        """The shape that the database has; 0 for an empty one.

        Raises:
            StateError: the shape is newer than `newest`.
        """
        found = self.row("PRAGMA user_version")
        version = int(found[0]) if found else 0
        if version > newest:
            raise StateError(
                f"the database {self._path} was written by a newer Setpoint "
                f"(its version is {version}, this one knows up to {newest})",
                remedy="install that version again, or restore the backup from before the upgrade",
            )
        return version

    def prove(self) -> None:
        """Write what is there already, so that a database that takes no writes is noticed before one is needed.

        Raises:
            StateError: it takes none.
        """
        with self.transaction():
            self.run(f"PRAGMA user_version = {self.version(len(migrations()))}")

    def copied(self) -> Database:
        """A database in memory with the same content."""
        memory = _connect(":memory:", None)
        with self._explained():
            self._connection.backup(memory)
        return _prepared(memory, None)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _roll_back(self) -> None:
        self._then.clear()
        # A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the first error.
        if self._connection.in_transaction:
            self._connection.rollback()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            explained = explain(error, self._path)
            if explained is None:
                raise
            raise explained from error


def open_file(path: Path) -> Database:
    """Open `path` for writing, made when missing, closed to others, and brought to the newest shape.

    Raises:
        StateError: it cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o640)
    except OSError as error:
        raise StateError(
            f"the database {path} cannot be made: {error.strerror}",
            remedy="make its folder and give it to the user of the daemon",
        ) from error
    return _prepared(_connect(str(path), path), path)


def open_memory() -> Database:
    """A database of its own that is gone when it is closed."""
    return _prepared(_connect(":memory:", None), None)


def open_existing(path: Path) -> Database | None:
    """Open `path` to read only; None when there is nothing to read.

    Raises:
        StateError: it cannot be used, or has an older shape that only the daemon may change.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    # Without a -wal file nobody writes, and a reader who may not make one must be told so.
    quiet = not path.with_name(f"{path.name}-wal").exists()
    uri = f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if quiet else ''}"
    database = Database(_connect(uri, path), path)
    newest = len(migrations())
    try:
        version = database.version(newest)
    except StateError:
        database.close()
        raise
    if version < newest:
        database.close()
        raise StateError(
            f"the database {path} was written by an older Setpoint",
            remedy="start the daemon of this version once; it brings it up to date",
        )
    return database


def open_copy(path: Path) -> Database | None:
    """The content of `path` in memory, at one moment, for whoever wants to write to it; None when there is none.

    Raises:
        StateError: as `open_existing`.
    """
    source = open_existing(path)
    if source is None:
        return None
    try:
        return source.copied()
    finally:
        source.close()


def _connect(name: str, path: Path | None) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            name,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            uri=name.startswith("file:"),
        )
    except sqlite3.Error as error:
        raise explain(error, path) or error from error


def _prepared(connection: sqlite3.Connection, path: Path | None) -> Database:
    """FULL costs about a tenth of a millisecond per write, which is nothing at our rates, and loses nothing."""
    database = Database(connection, path)
    with ExitStack() as undo:
        undo.callback(database.close)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            database.run(f"PRAGMA {pragma}")
        database.migrate()
        undo.pop_all()
    return database
