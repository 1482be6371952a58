"""`setpoint run` as a process: how it starts, how it stops, what it refuses, and that a forge can call it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.client import Client, DaemonDownError

REPOSITORY = Path(__file__).parents[3]
SETTINGS = "estate: home\nsource: {directory: {path: estate}}\nstate: state\nlog: {format: json}\nmetrics: {listen: 127.0.0.1:0}\n"

FORGED = SETTINGS.replace("{directory: {path: estate}}", "{git: {url: nowhere.git}}")


class Daemon:
    """A daemon over a bench, with everything in one folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.bench = root, root / "bench"
        self.process: subprocess.Popen[str] | None = None
        self.more: dict[str, str] = {}
        for name in ("estate", "bench", "site/bench-1.0.dist-info"):
            (root / name).mkdir(parents=True)
        info = root / "site" / "bench-1.0.dist-info"
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[setpoint.systems]\nbench = tests.workbench:SYSTEM\n")
        self.settings(SETTINGS)
        self.declare("bench", f"kind: Bench\nmetadata: {{name: b}}\nspec: {{folder: {self.bench}}}\n")

    def settings(self, text: str) -> None:
        (self.root / "setpoint.yaml").write_text(text)

    def declare(self, name: str, text: str) -> None:
        (self.root / "estate" / f"{name}.yaml").write_text(text)

    def part(self, name: str, text: str) -> None:
        self.declare(name, f"kind: Part\nmetadata: {{name: {name}}}\nspec: {{text: {text}}}\n")

    @property
    def client(self) -> Client:
        return Client(self.root / "state" / "setpoint.sock")

    @property
    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "setpoint", "run", "--config", str(self.root / "setpoint.yaml"))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{self.root / 'site'}:{REPOSITORY}", **self.more}

    def start(self) -> None:
        log = (self.root / "log").open("a")
        with log:
            self.process = subprocess.Popen(self.command, stderr=log, env=self.environment, text=True)
        until(lambda: self.status().get("phase") == "running")

    def status(self) -> dict[str, Any]:
        try:
            return self.client.get("/v1/status")
        except DaemonDownError:
            return {}

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, seconds: float = 10) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def refuse(self) -> str:
        """What it says when it does not start."""
        ended = subprocess.run(
            self.command, capture_output=True, text=True, check=False, timeout=30, env=self.environment
        )
        assert ended.returncode == 1
        return ended.stderr

    def address(self, event: str) -> str:
        lines = map(json.loads, (self.root / "log").read_text().splitlines())
        return str(next(line["address"] for line in lines if line["event"] == event))

    def ask(self, path: str) -> str:
        """What it answers over HTTP."""
        connection = http.client.HTTPConnection(self.address("metrics_open"), timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert response.status == 200, text
        return text

    def events(self) -> list[str]:
        lines = (self.root / "log").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_converges_and_stops_in_order(daemon: Daemon, number: int) -> None:
    daemon.part("x", "one")
    daemon.start()
    until((daemon.bench / "x").exists)
    daemon.part("x", "two")
    until(lambda: (daemon.bench / "x").read_text() == "two")
    daemon.signal(number)
    assert daemon.wait() == 0
    events = daemon.events()
    assert events[:3] == ["socket_open", "metrics_open", "daemon_started"]
    assert events.index("source_looked_at") < events.index("daemon_ready") < events.index("reconcile_ended")
    assert events[-1] == "daemon_stopped"
    assert set(events[events.index("stop_asked") + 1 : -1]) <= {"reconcile_ended"}
    assert not daemon.client.path.exists()


def test_a_stop_ends_the_step_under_way_and_begins_no_other(daemon: Daemon) -> None:
    (daemon.bench / "slow").touch()
    daemon.part("x", "one")
    daemon.start()
    until((daemon.bench / "x.began").exists)
    daemon.part("y", "one")
    daemon.signal(signal.SIGTERM)
    until(lambda: daemon.status().get("phase") == "stopping")
    (daemon.bench / "go").touch()
    assert daemon.wait() == 0
    assert (daemon.bench / "x").read_text() == "one"
    assert not (daemon.bench / "y.began").exists()


def test_a_second_signal_ends_at_once(daemon: Daemon) -> None:
    (daemon.bench / "slow").touch()
    daemon.part("x", "one")
    daemon.start()
    until((daemon.bench / "x.began").exists)
    daemon.signal(signal.SIGTERM)
    until(lambda: daemon.status().get("phase") == "stopping")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(5) == -signal.SIGTERM
    assert daemon.client.path.exists(), "nobody took the socket away"
    daemon.start()
    until(lambda: "the outcome of write is not known yet" in str(daemon.status()["resources"]))


def test_a_second_one_refuses_in_one_sentence(daemon: Daemon) -> None:
    daemon.start()
    assert daemon.process is not None
    said = daemon.refuse()
    assert len(said.splitlines()) == 1
    assert f"the state directory {daemon.root / 'state'} is in use by process {daemon.process.pid}" in said
    daemon.settings(SETTINGS.replace("state: state", f"state: other\nsocket: {daemon.client.path}"))
    said = daemon.refuse()
    assert re.fullmatch(
        r"setpoint: a daemon answers at .*/setpoint.sock already; stop that one first, .*\n", said
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("estate: home\n", "setpoint.yaml:1:1: source: "),
        (
            SETTINGS + "hook: {secret: {env: HOOK}}\n",
            "a hook is for source.git; a folder is watched without one",
        ),
        (SETTINGS.replace("state: state", "state: bench/x/y"), "the state directory "),
        (
            FORGED + "hook: {listen: '192.0.2.1:1', secret: {env: HOOK}}\n",
            "HOOK, which should hold a secret, is not set",
        ),
    ],
    ids=["settings", "hook of a folder", "state", "hook's secret"],
)
def test_what_cannot_run_is_one_sentence(daemon: Daemon, settings: str, sentence: str) -> None:
    (daemon.bench / "x").touch()
    daemon.settings(settings)
    said = daemon.refuse()
    assert sentence in said
    assert "Traceback" not in said


def test_a_taken_address_of_the_hook_is_one_sentence(daemon: Daemon) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (daemon.root / "secret").write_text("s3cret\n")
        (daemon.root / "secret").chmod(0o600)
        daemon.settings(
            f"{FORGED}hook: {{listen: '127.0.0.1:{port}', secret: {{file: {daemon.root}/secret}}}}\n"
        )
        said = daemon.refuse()
    assert f"setpoint: the hook cannot listen on 127.0.0.1:{port}: " in said
    assert "set hook.listen to a free address" in said


def test_a_signed_push_is_followed_at_once(daemon: Daemon) -> None:
    repository, secret = daemon.root / "repository", daemon.root / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    git(daemon.root, "init", "-q", "--bare", "-b", "main", str(repository))
    git(daemon.root / "estate", "init", "-q", "-b", "main")
    push(daemon.root / "estate", repository)
    # A transport that cannot be watched, and a poll that never comes.
    source = f"{{git: {{url: 'file://localhost{repository}', poll: 1h}}}}"
    hook = f"hook: {{listen: '127.0.0.1:0', secret: {{file: {secret}}}}}\n"
    daemon.settings(SETTINGS.replace("{directory: {path: estate}}", source) + hook)
    daemon.start()
    daemon.part("x", "one")
    push(daemon.root / "estate", repository)
    address = daemon.address("hook_open")
    body = b'{"ref": "refs/heads/main"}'
    signature = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("POST", "/hook", body, headers)
    assert connection.getresponse().status == 202
    connection.close()
    until((daemon.bench / "x").exists)
    assert "hook_called" in daemon.events()
    secret.write_text("another\n")
    connection.request("POST", "/hook", body, headers)
    assert connection.getresponse().status == 401, "a new secret counts at once"
    connection.close()


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *names, *arguments), check=True, capture_output=True)


def push(folder: Path, repository: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Declare")
    git(folder, "push", "-q", str(repository), "main")


def test_it_serves_metrics_and_health_on_loopback(daemon: Daemon) -> None:
    daemon.part("x", "one")
    daemon.start()
    until((daemon.bench / "x").exists)
    ready = 'kind="Part",name="x",target="Bench/b",type="Ready"} 1.0'
    until(lambda: ready in daemon.ask("/metrics"))
    page = daemon.ask("/metrics")
    assert 'setpoint_target_up{target="Bench/b"} 1.0' in page
    assert 'setpoint_reconciles_total{kind="Part",outcome="Done"}' in page
    assert daemon.ask("/healthz") == "the daemon is running\n"
    assert daemon.ask("/readyz").startswith("2 resources; source: ")


def test_metrics_can_be_turned_off(daemon: Daemon) -> None:
    daemon.settings(SETTINGS.replace("127.0.0.1:0", "none"))
    daemon.start()
    assert "metrics_open" not in daemon.events()


def test_a_taken_address_for_metrics_is_refused_with_the_way_out(daemon: Daemon) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon.settings(SETTINGS.replace("127.0.0.1:0", address))
        said = daemon.refuse()
    assert f"the metrics cannot listen on {address}: " in said
    assert "set metrics.listen to a free address, or to none" in said


def test_systemd_hears_when_it_is_ready_that_it_lives_and_when_it_stops(daemon: Daemon) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(daemon.root / "notify"))
        systemd.settimeout(20)
        daemon.more = {"NOTIFY_SOCKET": str(daemon.root / "notify"), "WATCHDOG_USEC": "1000000"}
        daemon.start()
        heard = ""
        while not re.search("READY=1(.|\n)*WATCHDOG=1", heard):
            heard += systemd.recv(4096).decode() + "\n"
        assert "STATUS=1 resource; source: " in heard
        daemon.signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard += systemd.recv(4096).decode() + "\n"
        assert daemon.wait() == 0
