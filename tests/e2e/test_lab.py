"""The rehearsal itself, as `make lab-once` and a person at a terminal use it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from setpoint.store.lock import StateLock
from setpoint_lab.rehearsal_folder import Folder
from setpoint_lab.rehearsal_processes import left_behind
from tests.e2e.rig import ALL, COMMAND
from tests.rig.waiting import until

pytestmark = pytest.mark.integration


def once(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = (*COMMAND, "lab", "--dir", str(folder), "--once", *more)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_once_converges_prints_the_table_and_goes_on_from_there(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    first = once(folder)
    assert first.returncode == 0, first.stdout + first.stderr
    assert {line.split()[0] for line in first.stdout.splitlines() if " Done " in line} == ALL
    again = once(folder)
    assert again.returncode == 0, again.stdout + again.stderr
    log = (folder / "daemon.log").read_text()
    assert log.count("create VM web02") == 1, "the second run makes nothing"


def test_once_fails_when_not_converged_in_time(tmp_path: Path) -> None:
    ended = once(tmp_path / "lab", "--timeout", "0s")
    assert ended.returncode == 1
    assert "VirtualMachine/web01" in ended.stdout or "not looked at yet" in ended.stdout


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    ended = once(tmp_path)
    assert ended.returncode == 1
    assert (
        ended.stderr.strip()
        == f"setpoint: {tmp_path} holds something else already; name another folder with --dir"
    )


def test_live_it_tells_what_happens_and_ends_in_order(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with out.open("w") as stream:
        command = (*COMMAND, "lab", "--dir", str(tmp_path / "lab"))
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    try:
        until(lambda: re.search(r" VirtualMachine/web01 +Done: in sync", out.read_text()), "told of web01")
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(50)
    told = out.read_text()
    assert code == 0
    assert "export SETPOINT_CONFIG=" in told
    assert "create VM web01 on node pve1" in told
    assert told.rstrip().endswith("ended; everything is kept for the next start")
    assert "daemon_stopped" in (tmp_path / "lab" / "daemon.log").read_text()
    secrets = [
        tmp_path / "lab" / name
        for name in ("proxmox-token", "netbox-token", "world.json", "netbox.json", "access.json")
    ]
    assert [oct(path.stat().st_mode & 0o777) for path in secrets] == ["0o600"] * 5


def test_a_second_one_in_the_same_folder_refuses(tmp_path: Path) -> None:
    with StateLock(tmp_path / "lab"):
        prepared = tmp_path / "lab" / "access.json"
        prepared.write_text('{"port": 1, "netbox": 2, "root": ""}')
        ended = once(tmp_path / "lab")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"setpoint: a rehearsal runs in {tmp_path / 'lab'} already; end that one")
    assert len(ended.stderr.splitlines()) == 1


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "access.json").write_text(f'{{"port": {port}, "netbox": 1, "root": ""}}')
        ended = once(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"setpoint: port {port}, on which an emulated API is declared, is taken; end what"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("VirtualMachine/web01", "memory=1"), "is no folder of a rehearsal"),
        (("web01", "memory=1"), "is no folder of a rehearsal"),
        (("VirtualMachine/web01",), "missing argument"),
    ],
    ids=["no rehearsal", "no key", "no change"],
)
def test_a_poke_that_cannot_be_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    command = (*COMMAND, "lab", "--dir", str(tmp_path), "poke", *arguments)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert sentence in ended.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [*COMMAND, "lab", "--dir", str(tmp_path / "file" / "lab")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "cannot be made: Not a directory; make room or give it to yourself" in done.stderr
    assert "Traceback" not in done.stderr


def test_after_a_kill_the_next_start_says_what_to_end(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    command = [*COMMAND, "lab", "--dir", str(folder)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert "The rehearsal data centre" in first.stdout.readline()
    first.kill()
    first.wait()
    first.stdout.close()
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    named = re.search(r"end what it left: kill (\d+) (\d+) (\d+); then start again", second.stderr)
    assert named is not None, second.stderr
    for number in named.groups():
        os.kill(int(number), signal.SIGTERM)
    until(lambda: not left_behind(Folder(folder)), "all ended")


def test_two_that_begin_together_choose_ports_of_their_own(tmp_path: Path) -> None:
    """Between the choice and the moment in which something listens there, nothing else shows it."""
    code = (
        "import sys; from pathlib import Path; from setpoint_lab.rehearsal_folder import prepare; "
        "made = prepare(Path(sys.argv[1])); print(made.port, made.metrics, flush=True); sys.stdin.read()"
    )
    began = [
        subprocess.Popen(
            (sys.executable, "-c", code, str(tmp_path / name)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "other")
    ]
    said = []
    for process in began:
        assert process.stdout is not None
        said.append(process.stdout.readline().split())
    for process in began:
        process.communicate(timeout=30)
    (one, metrics), (other, others) = said
    assert (one != other, metrics != others) == (True, True)
