"""A folder as a source, with real files and links."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchfiles import Change

from setpoint.model.errors import SourceError
from setpoint.sources import directory
from setpoint.sources.directory import DirectorySource, digest
from setpoint.sources.folder import Look, read_all
from setpoint.sources.snapshot import Snapshot
from setpoint.sources.source import Limits
from setpoint.sources.watching import Watched
from tests.unit.sources.listener import listening


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "estate"
    (root / "vms").mkdir(parents=True)
    (root / "defaults.yaml").write_bytes(b"a: 1\n")
    (root / "vms" / "web01.yml").write_bytes(b"\xff\x00")
    return root


async def fetch(root: Path, limits: Limits | None = None) -> Snapshot:
    source = DirectorySource(root, limits=limits or Limits())
    return await source.fetch(None, lambda _: False)


async def test_every_declaration_is_read_as_it_is(root: Path) -> None:
    (root / "README.md").write_text("# Estate\n")
    snapshot = await fetch(root)
    assert snapshot.source == "directory"
    assert snapshot.files == {"defaults.yaml": b"a: 1\n", "vms/web01.yml": b"\xff\x00"}
    assert (snapshot.author, snapshot.subject, snapshot.notes) == ("", "", ())


async def test_an_empty_folder_is_a_version_too(tmp_path: Path) -> None:
    assert (await fetch(tmp_path)).files == {}


async def test_hidden_files_and_folders_declare_nothing(root: Path) -> None:
    (root / ".git").mkdir()
    for name in (".git/x.yaml", ".hidden.yaml"):
        (root / name).write_text("x\n")
    assert len((await fetch(root)).files) == 2


class TestVersion:
    async def test_it_stays_while_nothing_changes(self, root: Path) -> None:
        before = await fetch(root)
        os.utime(root / "defaults.yaml", (1, 1))
        (root / "README.md").write_text("# Estate\n")
        assert (await fetch(root)).version == before.version

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda root: (root / "defaults.yaml").write_text("a: 2\n"), id="content"),
            pytest.param(lambda root: (root / "defaults.yaml").rename(root / "b.yaml"), id="name"),
            pytest.param(lambda root: (root / "defaults.yaml").unlink(), id="removal"),
            pytest.param(lambda root: (root / "new.yaml").touch(), id="addition"),
        ],
    )
    async def test_it_changes_with_every_change(self, root: Path, change: Callable[[Path], object]) -> None:
        before = await fetch(root)
        change(root)
        assert (await fetch(root)).version != before.version

    @given(
        one=st.dictionaries(st.text(max_size=3), st.binary(max_size=3), max_size=3),
        other=st.dictionaries(st.text(max_size=3), st.binary(max_size=3), max_size=3),
    )
    def test_it_is_equal_for_equal_content_only(self, one: dict[str, bytes], other: dict[str, bytes]) -> None:
        assert (digest(one) == digest(other)) == (one == other)
        assert digest(dict(reversed(one.items()))) == digest(one)

    def test_it_does_not_mix_up_names_and_contents(self) -> None:
        assert digest({"a": b"b"}) != digest({"ab": b""})


async def test_what_is_named_like_the_sheets_of_an_inventory_is_left_out_with_a_note(root: Path) -> None:
    (root / "@register").mkdir()
    (root / "@register" / "x.yaml").write_text("x\n")
    snapshot = await fetch(root)
    assert len(snapshot.files) == 2
    assert snapshot.notes == (
        "@register/x.yaml begins with @, which is kept for inventories, and is not read; rename it",
    )


class TestLinks:
    async def test_a_link_that_stays_inside_is_read(self, root: Path) -> None:
        (root / "same.yaml").symlink_to("defaults.yaml")
        assert (await fetch(root)).files["same.yaml"] == b"a: 1\n"

    @pytest.mark.parametrize(
        ("target", "note"),
        [
            ("../outside.yaml", "link.yaml is a symbolic link that leaves the folder and not read"),
            ("/etc/hostname", "link.yaml is a symbolic link that leaves the folder and not read"),
            ("vms", "link.yaml is a symbolic link to a folder and not read"),
            ("nothing.yaml", "link.yaml is a symbolic link to nothing and not read"),
        ],
    )
    async def test_any_other_is_left_out_with_a_note(self, root: Path, target: str, note: str) -> None:
        (root.parent / "outside.yaml").write_text("x\n")
        (root / "link.yaml").symlink_to(target)
        snapshot = await fetch(root)
        assert len(snapshot.files) == 2
        assert snapshot.notes == (note,)

    async def test_a_folder_is_not_entered_by_a_link(self, root: Path) -> None:
        (root / "again").symlink_to("vms", target_is_directory=True)
        snapshot = await fetch(root)
        assert len(snapshot.files) == 2
        assert snapshot.notes == ("again is a symbolic link to a folder and not read",)

    async def test_a_pipe_is_not_opened(self, root: Path) -> None:
        os.mkfifo(root / "pipe.yaml")
        assert (await fetch(root)).notes == ("pipe.yaml is no ordinary file and not read",)

    async def test_the_root_may_be_a_link_itself(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(root, target_is_directory=True)
        (root / "same.yaml").symlink_to("defaults.yaml")
        assert len((await fetch(tmp_path / "link")).files) == 3


class TestRefusals:
    @pytest.mark.parametrize(
        ("limits", "expected"),
        [
            (Limits(files=1), "has 2 YAML files; 1 are read at most"),
            (Limits(total_bytes=6), "has 7 bytes of YAML; 6 are read at most"),
        ],
        ids=["files", "total"],
    )
    async def test_too_much(self, root: Path, limits: Limits, expected: str) -> None:
        with pytest.raises(SourceError, match=expected):
            await fetch(root, limits)

    async def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=f"{tmp_path}/none cannot be read: No such file") as caught:
            await fetch(tmp_path / "none")
        assert "source.directory.path" in caught.value.remedy

    async def test_a_file_in_place_of_the_folder(self, root: Path) -> None:
        with pytest.raises(SourceError, match="cannot be read: Not a directory"):
            await fetch(root / "defaults.yaml")

    async def test_a_name_that_is_not_utf_8(self, root: Path) -> None:
        (root / os.fsdecode(b"caf\xe9.yaml")).touch()
        with pytest.raises(SourceError, match="whose name is not UTF-8"):
            await fetch(root)


async def test_what_is_written_during_the_reading_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer is in the midst of its work at the first reading, and done at the second."""
    readings: list[object] = []

    def read(folder: Path, seen: Look) -> dict[str, bytes] | None:
        files = read_all(folder, seen)
        if not readings:
            (root / "defaults.yaml").write_bytes(b"a: 2\n")
        readings.append(files)
        return files

    monkeypatch.setattr(directory, "read_all", read)
    assert (await fetch(root)).files["defaults.yaml"] == b"a: 2\n"
    assert len(readings) == 2


async def test_a_file_that_vanishes_before_it_is_read_is_only_a_change(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path, seen: Look) -> dict[str, bytes] | None:
        (root / "defaults.yaml").unlink(missing_ok=True)
        return read_all(folder, seen)

    monkeypatch.setattr(directory, "read_all", read)
    assert list((await fetch(root)).files) == ["vms/web01.yml"]


async def test_a_folder_that_never_rests_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "ATTEMPTS", 3)
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.005):
            (root / "defaults.yaml").touch()

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        with pytest.raises(SourceError, match="changed again and again while it was read"):
            await fetch(root)
    finally:
        stop.set()
        await writing


async def until_rung(source: DirectorySource, cause: Callable[[], object]) -> None:
    async with listening(source) as listener:
        await listener.until_rung(cause)


class TestWatching:
    async def test_a_change_rings(self, root: Path) -> None:
        source = DirectorySource(root, poll=timedelta(hours=1))
        await until_rung(source, lambda: (root / "vms" / "new.yaml").write_text("x\n"))

    async def test_a_poll_rings_when_changes_cannot_be_watched(self, tmp_path: Path) -> None:
        source = DirectorySource(tmp_path / "none", poll=timedelta(milliseconds=20))
        await until_rung(source, lambda: None)

    async def test_a_poke_rings(self, root: Path) -> None:
        source = DirectorySource(root, poll=timedelta(hours=1))
        source.poke()
        await until_rung(source, lambda: None)

    async def test_what_is_hidden_does_not_ring(self, root: Path) -> None:
        (root / ".git").mkdir()
        source = DirectorySource(root, poll=timedelta(hours=1))
        async with listening(source) as listener:
            await listener.until_rung((root / "defaults.yaml").touch)
            await listener.until_quiet()
            for number in range(10):
                (root / ".git" / "index").write_text(str(number))
                assert not await listener.heard(0.05)
            await listener.until_rung(lambda: (root / "defaults.yaml").write_text("a: 3\n"))

    async def test_the_reading_itself_does_not_ring(self, root: Path) -> None:
        source = DirectorySource(root, poll=timedelta(hours=1))
        async with listening(source) as listener:
            await listener.until_rung((root / "defaults.yaml").touch)
            await listener.until_quiet()
            await source.fetch(None, lambda _: False)
            assert not await listener.heard(0.6)

    async def test_a_folder_that_is_made_again_is_watched_again(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("setpoint.sources.watching.RETRY", 0.05)
        source = DirectorySource(root, poll=timedelta(hours=1))
        async with listening(source) as listener:
            await listener.until_rung((root / "defaults.yaml").touch)
            await listener.until_quiet()
            shutil.move(root, root.with_name("old"))
            await listener.until_rung(lambda: None)
            os.mkdir(root)  # noqa: PTH102 - a path's own methods count as blocking
            await listener.until_rung((root / "defaults.yaml").touch)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("main", True), ("main.lock", False), ("feature/lock", True), (".hidden", True)],
)
def test_a_lock_is_no_change_of_what_it_guards(tmp_path: Path, name: str, *, counts: bool) -> None:
    assert Watched(tmp_path).counts(Change.added, str(tmp_path / name)) is counts
