"""What goes wrong around git: a damaged mirror, a git that hangs, remotes that refuse, a death in between."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from setpoint.model.errors import SourceError
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.sources.snapshot import HistoryRewrittenError
from tests.rig.waiting import until
from tests.unit.sources.repository import Repository

pytestmark = pytest.mark.integration

FILES = {"a.yaml": b"kind: VirtualMachine\n"}


def never(_: str) -> bool:
    return False


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "estate.git")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "git" / "git.git"


def objects(place: Path) -> list[Path]:
    return [path for path in (place / "objects").rglob("*") if path.is_file()]


def stale_locks(place: Path) -> None:
    for name in ("refs/setpoint/fetched.lock", "packed-refs.lock", "config.lock", "HEAD.lock"):
        (place / name).touch()


def stale_pin(place: Path) -> None:
    (place / "refs/setpoint/in-force.lock").touch()


def half_pack(place: Path) -> None:
    (place / "objects" / "pack").mkdir(exist_ok=True)
    (place / "objects" / "pack" / "tmp_pack_x").write_bytes(b"PACK")
    (place / "refs" / "setpoint" / "fetched.lock").touch()


def empty_objects(place: Path) -> None:
    for path in objects(place):
        path.chmod(0o600)
        path.write_bytes(b"")


def cut_objects(place: Path) -> None:
    for path in objects(place):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-7])


def no_objects(place: Path) -> None:
    shutil.rmtree(place / "objects")


def empty_ref(place: Path) -> None:
    (place / "refs" / "setpoint" / "fetched").write_bytes(b"")


def no_head(place: Path) -> None:
    (place / "HEAD").unlink()


def garbage_config(place: Path) -> None:
    (place / "config").write_bytes(b"\0[[[")


def gone(place: Path) -> None:
    shutil.rmtree(place)


def emptied(place: Path) -> None:
    shutil.rmtree(place)
    place.mkdir()


DAMAGES = [
    stale_locks, stale_pin, half_pack, empty_objects, cut_objects, no_objects, empty_ref, no_head, garbage_config, gone, emptied,
]  # fmt: skip


@pytest.mark.parametrize("damage", [pytest.param(one, id=one.__name__) for one in DAMAGES])
@pytest.mark.parametrize("news", ["new commit", "nothing new"])
async def test_a_damaged_mirror_heals(
    repository: Repository, place: Path, damage: Callable[[Path], None], news: str
) -> None:
    first = repository.commit({**FILES, "b.yaml": b"b\n"})
    await GitSource(str(repository.path), Git(place)).fetch(None, never)
    damage(place)
    second = repository.commit(FILES, parent=first) if news == "new commit" else first
    snapshot = await GitSource(str(repository.path), Git(place)).fetch(first, never)
    assert snapshot.version == second
    assert "a.yaml" in snapshot.files
    assert [path.name for path in place.parent.iterdir()] == [place.name]


async def test_a_damaged_remote_is_named_with_what_git_says(repository: Repository, place: Path) -> None:
    commit = repository.commit(FILES)
    blob = repository.git("rev-parse", f"{commit}:a.yaml")
    (repository.path / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError, match="is damaged") as caught:
        await GitSource(str(repository.path), Git(place)).fetch(None, never)
    assert "git fsck" in caught.value.remedy
    assert "\n" not in str(caught.value)


async def test_a_lost_ancestor_in_the_mirror_is_damage_and_no_rewritten_history(
    repository: Repository, place: Path
) -> None:
    first = repository.commit(FILES)
    await GitSource(str(repository.path), Git(place)).fetch(None, never)
    (place / "objects" / first[:2] / first[2:]).unlink()
    second = repository.commit({"c.yaml": b"c\n"}, parent=first)
    assert (await GitSource(str(repository.path), Git(place)).fetch(first, never)).version == second


FETCH = """
import asyncio, sys
from pathlib import Path
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
print("begun", flush=True)
asyncio.run(GitSource(sys.argv[1], Git(Path(sys.argv[2]))).fetch(None, lambda commit: False))
"""


def fetch_and_die(repository: Repository, place: Path, milliseconds: int) -> None:
    command = [sys.executable, "-c", FETCH, str(repository.path), str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(milliseconds / 1000)
        process.kill()


@pytest.mark.parametrize("milliseconds", [5, 15, 30, 60, 120])
async def test_a_kill_during_the_fetch_is_healed_by_the_next(
    repository: Repository, place: Path, milliseconds: int
) -> None:
    blobs = {f"f{number}.yaml": os.urandom(200_000) for number in range(20)}
    commit = repository.commit(blobs)
    await asyncio.to_thread(fetch_and_die, repository, place, milliseconds)
    snapshot = await GitSource(str(repository.path), Git(place)).fetch(None, never)
    assert (snapshot.version, snapshot.files) == (commit, blobs)


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a shell script in the place of git; it may write the ids of its processes to the file given back."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    pids = tmp_path / "pids"

    def write(script: str) -> Path:
        (folder / "git").write_text(f"#!/bin/sh\nPIDS={pids}\n{script}\n")
        (folder / "git").chmod(0o755)
        return pids

    return write


HANGS = "echo $$ >>$PIDS; sleep 300 & echo $! >>$PIDS; wait"


def noted(pids: Path) -> list[int]:
    """The processes that the fake git told of; two once it hangs."""
    return [int(pid) for pid in pids.read_text().split()] if pids.exists() else []


async def until_gone(pids: Path) -> None:
    """A killed orphan is reaped by whoever adopts it; until then it is a zombie, which runs no more."""
    await asyncio.to_thread(until, lambda: not any(running(pid) for pid in noted(pids)), "all are gone")


def running(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_a_git_that_hangs_is_stopped_with_all_it_started(
    place: Path, fake_git: Callable[[str], Path]
) -> None:
    pids = fake_git(HANGS)
    git = Git(place, local=timedelta(milliseconds=400))
    with pytest.raises(SourceError, match=r"git init did not end within 0\.4 s") as caught:
        await GitSource("/nowhere", git).fetch(None, never)
    assert "git ls-remote" in caught.value.remedy
    assert len(noted(pids)) == 2
    await until_gone(pids)


async def test_a_git_that_hangs_in_a_conversation_is_stopped(
    repository: Repository, place: Path, fake_git: Callable[[str], Path]
) -> None:
    repository.commit(FILES)
    pids = fake_git(f'case " $* " in *" cat-file "*) {HANGS};; esac; {failing("no such command", "")}')
    git = Git(place, local=timedelta(seconds=2))
    with pytest.raises(SourceError, match="git cat-file gave no answer within 2 s"):
        await GitSource(str(repository.path), git).fetch(None, never)
    assert len(noted(pids)) == 2
    await until_gone(pids)


async def test_a_cancelled_fetch_leaves_no_process(place: Path, fake_git: Callable[[str], Path]) -> None:
    pids = fake_git(HANGS)
    task = asyncio.create_task(GitSource("/nowhere", Git(place)).fetch(None, never))
    await asyncio.to_thread(until, lambda: len(noted(pids)) == 2, "git hangs")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_gone(pids)


async def test_a_git_that_never_stops_talking_is_stopped(
    place: Path, fake_git: Callable[[str], Path]
) -> None:
    fake_git("exec yes")
    with pytest.raises(SourceError, match="git init answers more than 100000 bytes"):
        await GitSource("/nowhere", Git(place, longest=100_000)).fetch(None, never)


async def test_a_host_without_git_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(SourceError, match="git cannot be started") as caught:
        await GitSource("/nowhere", Git(place)).fetch(None, never)
    assert "install git" in caught.value.remedy


async def test_a_remote_that_accepts_and_never_answers_is_given_up(place: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        git = Git(place, network=timedelta(milliseconds=700))
        with pytest.raises(SourceError, match="git fetch did not end"):
            await GitSource(f"http://127.0.0.1:{port}/x.git", git).fetch(None, never)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(401, "does not let us in", id="401"),
        pytest.param(403, "does not let us in", id="403"),
        pytest.param(404, "there is no git repository at", id="404"),
        pytest.param(500, "cannot be reached", id="500"),
        pytest.param(503, "cannot be reached", id="503"),
    ],
)
async def test_a_forge_that_refuses_is_told_from_one_that_is_down(
    place: Path, status: int, expected: str
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"WWW-Authenticate": 'Basic realm="forge"'})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        with pytest.raises(SourceError, match=expected):
            await GitSource(f"http://127.0.0.1:{port}/estate.git", Git(place)).fetch(None, never)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("Host key verification failed.", "the host key of", id="host key"),
        pytest.param("git@forge: Permission denied (publickey).", "does not let us in", id="key"),
        pytest.param("ssh: connect to host forge port 22: Connection refused", "be reached", id="refused"),
    ],
)
async def test_what_ssh_says_is_understood(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(ssh))
    with pytest.raises(SourceError, match=expected) as caught:
        await GitSource("git@forge.invalid:estate.git", Git(place)).fetch(None, never)
    assert said.rstrip(".") in caught.value.message


def failing(command: str, words: str) -> str:
    """A script that fails at one command of git and does all others."""
    real = shutil.which("git", path=os.environ["PATH"].partition(os.pathsep)[2])
    return f'case " $* " in *" {command} "*) echo "fatal: {words}" >&2; exit 1;; esac; exec {real} "$@"'


async def test_a_look_takes_two_calls_of_git_whether_there_is_a_new_commit_or_not(
    repository: Repository, place: Path, fake_git: Callable[[str], Path]
) -> None:
    first = repository.commit(FILES)
    source = GitSource(str(repository.path), Git(place))
    await source.fetch(None, never)
    second = repository.commit({"a.yaml": b"b\n"}, parent=first)
    # What git itself starts is found beside the real one, and does not come by here.
    calls = fake_git(f'echo "$*" >>$PIDS; {failing("no such command", "")}')
    assert (await source.fetch(first, never)).version == second
    told = [line.split(f"--git-dir={place} ")[1].split()[0] for line in calls.read_text().splitlines()]
    assert sorted(told) == ["cat-file", "fetch"]
    calls.unlink()
    await source.fetch(second, never)
    assert len(calls.read_text().splitlines()) == 2


async def test_a_lock_left_behind_keeps_no_rewritten_history_from_being_told(
    repository: Repository, place: Path
) -> None:
    first = repository.commit(FILES)
    source = GitSource(str(repository.path), Git(place))
    await source.fetch(None, never)
    stale_pin(place)
    second = repository.commit({"b.yaml": b"b\n"})
    with pytest.raises(HistoryRewrittenError):
        await source.fetch(first, never)
    assert (await source.fetch(first, lambda commit: commit == second)).version == second


async def test_a_commit_that_cannot_be_read_even_anew_is_named(
    repository: Repository, place: Path, fake_git: Callable[[str], Path]
) -> None:
    repository.commit(FILES)
    fake_git(failing("cat-file", "the disk is tired"))
    with pytest.raises(
        SourceError, match=r"the head of main of .* cannot be read .the disk is tired"
    ) as caught:
        await GitSource(str(repository.path), Git(place)).fetch(None, never)
    assert "git fsck" in caught.value.remedy


async def test_a_git_that_tells_nothing_is_no_commit(
    repository: Repository, place: Path, fake_git: Callable[[str], Path]
) -> None:
    repository.commit(FILES)
    fake_git(f'case " $* " in *" cat-file "*) exit 0;; esac; {failing("no such command", "")}')
    with pytest.raises(SourceError, match=r"cannot be read \(git cat-file ended\)"):
        await GitSource(str(repository.path), Git(place)).fetch(None, never)


async def test_a_mirror_that_git_cannot_make_is_named(place: Path, fake_git: Callable[[str], Path]) -> None:
    fake_git(failing("init", "cannot mkdir"))
    with pytest.raises(SourceError, match=rf"the mirror {place} cannot be made \(cannot mkdir\)"):
        await GitSource("/nowhere", Git(place)).fetch(None, never)


async def test_a_failure_of_unknown_cause_keeps_the_mirror(
    repository: Repository, place: Path, fake_git: Callable[[str], Path]
) -> None:
    commit = repository.commit(FILES)
    source = GitSource(str(repository.path), Git(place))
    await source.fetch(None, never)
    fake_git(failing("fetch", "the moon is full"))
    with pytest.raises(SourceError, match=r"cannot be fetched \(the moon is full\)"):
        await source.fetch(commit, never)
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    fake_git(failing("no such command", ""))
    assert (await source.fetch(commit, never)).version == commit


async def test_a_state_directory_that_may_not_be_written_is_named(repository: Repository) -> None:
    with pytest.raises(SourceError, match=r"the mirror /proc/setpoint/git\.git cannot be made"):
        await GitSource(str(repository.path), Git(Path("/proc/setpoint/git.git"))).fetch(None, never)


async def test_the_surroundings_cannot_point_git_elsewhere(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit(FILES)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    source = GitSource(f"file://{repository.path}", Git(place))
    assert (await source.fetch(None, never)).version == commit
