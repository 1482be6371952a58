"""How the database is opened, brought up to date, shared, and what is said when it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from setpoint.model.errors import StateError
from setpoint.store import database, faults
from setpoint.store.faults import explain
from setpoint.store.schema import TABLES, migrations
from setpoint.store.store import Store
from tests.unit.store.values import WEB, status


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "setpoint.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.open(path)
    yield store
    store.close()


def raw(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def test_every_table_says_what_losing_it_costs(store: Store) -> None:
    made = store._db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert sorted(name for (name,) in made) == sorted(table.name for table in TABLES)


def test_it_is_closed_to_others(path: Path, store: Store) -> None:
    store.save_status(status())
    assert [one.stat().st_mode & 0o007 for one in path.parent.iterdir()] == [0, 0, 0]


def test_nothing_that_was_said_to_be_safe_is_lost_by_a_power_cut(store: Store) -> None:
    assert store._db.row("PRAGMA journal_mode") == ("wal",)
    assert store._db.row("PRAGMA synchronous") == (2,)


class TestMigrations:
    def test_opening_again_changes_nothing(self, path: Path, store: Store) -> None:
        store.save_status(status())
        again = Store.open(path)
        assert again.status(WEB) == status()
        again.close()

    def test_a_newer_database_is_refused_in_one_sentence(self, path: Path, store: Store) -> None:
        store._db.run("PRAGMA user_version = 99")
        for opened in (Store.open, Store.open_readonly):
            with pytest.raises(StateError, match="written by a newer Setpoint") as caught:
                opened(path)
            assert "its version is 99" in str(caught.value)
            assert "\n" not in str(caught.value)

    def test_an_older_database_is_brought_up_to_date(
        self, path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.save_status(status())
        later = (*migrations(), "CREATE TABLE more (a TEXT);", "ALTER TABLE more ADD COLUMN b TEXT;")
        monkeypatch.setattr(database, "migrations", lambda: later)
        again = Store.open(path)
        assert again._db.row("PRAGMA user_version") == (len(later),)
        assert again._db.rows("SELECT a, b FROM more") == []
        assert again.status(WEB) == status()
        again.close()

    def test_a_step_that_fails_leaves_no_half_of_itself(
        self, path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = migrations()
        monkeypatch.setattr(
            database, "migrations", lambda: (*good, "CREATE TABLE more (a TEXT); SELECT * FROM nowhere;")
        )
        with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
            Store.open(path)
        assert store._db.row("PRAGMA user_version") == (len(good),)
        assert store._db.rows("SELECT 1 FROM sqlite_schema WHERE name = 'more'") == []

    def test_the_scripts_are_numbered_without_a_gap(self) -> None:
        folder = Path(database.__file__).with_name("migrations")
        numbers = sorted(int(script.name[:4]) for script in folder.glob("*.sql"))
        assert numbers == list(range(1, len(migrations()) + 1))


class TestReadOnly:
    def test_there_is_no_memory_where_there_is_no_file(self, path: Path) -> None:
        assert Store.open_readonly(path) is None
        path.touch()
        assert Store.open_readonly(path) is None

    def test_it_sees_what_a_running_daemon_wrote_last(self, path: Path, store: Store) -> None:
        store.save_status(status())
        reader = Store.open_readonly(path)
        assert reader is not None
        assert reader.status(WEB) == status()
        store.save_status(status(sentence="later"))
        assert reader.status(WEB) == status(sentence="later")
        reader.close()

    def test_it_leaves_no_trace_beside_a_stopped_daemon(self, path: Path) -> None:
        store = Store.open(path)
        store.save_status(status())
        store.close()
        reader = Store.open_readonly(path)
        assert reader is not None
        assert reader.status(WEB) == status()
        assert list(path.parent.iterdir()) == [path]
        reader.close()

    def test_it_cannot_write(self, path: Path, store: Store) -> None:
        reader = Store.open_readonly(path)
        assert reader is not None
        with pytest.raises(StateError, match="cannot be written"):
            reader.save_status(status())
        reader.close()

    def test_only_the_daemon_brings_an_older_one_up_to_date(self, path: Path) -> None:
        raw(path, "CREATE TABLE other (a TEXT);")
        with pytest.raises(StateError, match="written by an older Setpoint"):
            Store.open_readonly(path)


class TestFaults:
    def test_a_file_that_is_no_database(self, path: Path) -> None:
        path.write_bytes(b"kind: VirtualMachine\n" * 100)
        for opened in (Store.open, Store.open_readonly):
            with pytest.raises(StateError, match=f"the database {path} is no database") as caught:
                opened(path)
            assert "move it aside" in caught.value.remedy

    def test_a_damaged_file(self, path: Path) -> None:
        store = Store.open(path)
        for number in range(200):
            store.accept(f"source{number}", "x" * 200, 1.0)
        store.close()
        content = bytearray(path.read_bytes())
        content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
        path.write_bytes(bytes(content))
        with pytest.raises(StateError, match="is damaged") as caught:
            Store.open(path).accepted("source7")
        assert "restore it from a backup" in caught.value.remedy

    def test_a_full_disk_loses_nothing_and_passes(self, store: Store) -> None:
        store.accept("git", "c1", 1.0)
        store._db.run("PRAGMA max_page_count = 1")
        with pytest.raises(StateError, match="the disk is full") as caught:
            store.accept("directory", "x" * 1_000_000, 1.0)
        assert "free some space" in caught.value.remedy
        assert store.accepted("git") == "c1"
        store._db.run("PRAGMA max_page_count = 100000")
        store.accept("git", "c2", 2.0)
        assert store.accepted("git") == "c2"

    def test_a_proof_that_it_takes_writes_writes(self, path: Path, store: Store) -> None:
        log = path.with_name(f"{path.name}-wal")
        before = log.stat().st_size
        store.prove()
        assert log.stat().st_size > before

    def test_a_proof_of_one_that_takes_none_says_so(self, store: Store) -> None:
        store._db.run("PRAGMA query_only = ON")
        with pytest.raises(StateError, match="cannot be written"):
            store.prove()

    def test_a_full_disk_in_the_midst_of_a_transaction_undoes_it(self, store: Store) -> None:
        from setpoint.store.records import Layer

        layer = Layer("git", "c1", 1.0, {"a.yaml": b"a"})
        store.save_layer(layer)
        store._db.run("PRAGMA max_page_count = 1")
        with pytest.raises(StateError, match="the disk is full"):
            store.save_layer(Layer("git", "c2", 2.0, {"a.yaml": b"x" * 10_000_000}))
        assert store.layer("git") == layer

    def test_a_lock_of_another_program(self, path: Path, store: Store) -> None:
        store._db.run("PRAGMA busy_timeout = 20")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="is locked by another program"):
            store.save_status(status())
        other.rollback()
        other.close()
        store.save_status(status())

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(StateError, match="cannot be opened"):
            Store.open(path)

    def test_a_state_directory_that_cannot_be_made(self, path: Path) -> None:
        path.write_text("")
        with pytest.raises(StateError, match="cannot be made"):
            Store.open(path / "state" / "setpoint.db")

    @pytest.mark.parametrize("code", faults._MEANINGS)
    def test_every_fault_of_the_machine_has_one_sentence_and_a_remedy(self, code: int) -> None:
        error = sqlite3.OperationalError("as SQLite says it")
        error.sqlite_errorcode = code | 0x0300
        explained = explain(error, Path("/var/lib/setpoint/setpoint.db"))
        assert explained is not None
        assert explained.message.startswith("the database /var/lib/setpoint/setpoint.db ")
        assert explained.remedy

    def test_a_mistake_of_our_own_is_not_blamed_on_the_machine(self, store: Store) -> None:
        with pytest.raises(sqlite3.OperationalError, match="syntax error"):
            store._db.run("SELEKT 1")
