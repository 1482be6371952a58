"""One writer, with real processes and the kernel's own lock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from setpoint.model.errors import StateError
from setpoint.store.lock import StateLock

HOLD = """
import sys
from pathlib import Path
from setpoint.store.lock import StateLock
lock = StateLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_holds_it_and_what_to_do(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(StateError) as caught:
            StateLock(tmp_path).acquire()
        assert f"{tmp_path} is in use by process {process.pid} ({sys.executable} -c" in caught.value.message
        assert "systemctl stop setpoint" in caught.value.remedy


def end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.mark.parametrize("stop", [pytest.param(end, id="exit"), pytest.param(kill, id="kill -9")])
def test_it_is_free_again_however_its_holder_ends(
    tmp_path: Path, stop: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    with holder(tmp_path) as process:
        stop(process)
        with StateLock(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_programs_that_the_holder_starts_do_not_inherit_it(tmp_path: Path) -> None:
    lock = StateLock(tmp_path)
    lock.acquire()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        lock.release()
        try:
            with StateLock(tmp_path):
                pass
        finally:
            child.kill()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "made" / "when missing")
    for _ in range(2):
        with lock:
            pass
    lock.release()


def test_two_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    with StateLock(tmp_path), pytest.raises(StateError, match=f"process {os.getpid()}"):
        StateLock(tmp_path).acquire()


def test_a_holder_that_has_not_said_its_name_yet_is_another_process(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        os.truncate(tmp_path / "lock", 0)
        with pytest.raises(StateError, match="in use by another process"):
            StateLock(tmp_path).acquire()


def test_a_short_name_takes_the_place_of_a_longer_one(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("99999999999999\n")
    with StateLock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_state_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError, match="cannot be used"):
        StateLock(tmp_path / "state").acquire()
