"""Every field that may hold a secret holds one that is easy to find. The daemon converges, then everything goes wrong that can,
and nothing that it writes, answers, shows or starts names any of them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from setpoint_lab.process import Running, launch_netbox, launch_proxmox
from setpoint_lab.rehearsal_folder import Folder, prepare
from tests.e2e.rig import ALL, COMMAND
from tests.rig.waiting import until
from tests.security.forge import Forge, forge
from tests.security.planted import found

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

GIT, HOOK, WRONG, ODD = (
    "planted-git-pw/&%",
    "planted-hook-secret",
    "planted-wrong-token",
    "planted-odd\0password",
)
WRITTEN = {
    "a value": "password: {0}",
    "a quoted value": "password: '{0}'",
    "a mapping": "password: {{value: {0}}}",
    "a mapping of itself": "password: {{{0}}}",
    "a list": "password: {{file: [{0}]}}",
    "an open quote": 'password: "{0}',
    "an open brace": "password: {{file: {0}",
    "an alias": "password: *{0}",
    "an anchor": "password: &{0} *x",
    "a tag": "password: !{0}",
    "a tag of two": "password: !!{0} x",
    "a directive": "password: %{0}",
    "a sign": "password: @{0}",
    "a colon": "password: {0}: x: y",
    "a tab": "password:\t{0}: [",
    "a number of words": "password: {0} {{ }} [",
    "twice": "password: {0}\n    password: {0}",
    "a wrong place": "user: [{0}]",
    "a control sign": 'password: "{0}\\u0000"',
    "an escape": 'password: "{0}\\q"',
    "a block": "password: |9\n   {0}",
}
"""How a person may write a password where a reference belongs; {0} is the password."""


def written(number: int) -> str:
    return f"planted-in-clear-{number:02}"


@dataclass
class Rig:
    """The daemon, what it talks to, and everything that could be heard of it."""

    folder: Folder
    emulator: Running
    forge: Forge
    bin: Path
    daemon: subprocess.Popen[bytes] | None = None
    heard: dict[str, bytes] = field(default_factory=dict[str, bytes])
    own: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "SETPOINT_CONFIG": str(self.folder.settings),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }

    def start(self) -> None:
        with self.folder.log.open("ab") as log:
            self.daemon = subprocess.Popen((*COMMAND, "run"), stdout=log, stderr=log, env=self.env)
        until(lambda: self.status().get("phase") == "running", "the daemon runs")

    def stop(self) -> None:
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(40)

    def status(self) -> dict[str, object]:
        with contextlib.suppress(OSError, ValueError):
            answer: dict[str, object] = json.loads(self.answer("/v1/status"))
            return answer
        return {}

    def answer(self, target: str, body: bytes | None = None) -> bytes:
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        with contextlib.closing(connection):
            connection.sock.connect(str(self.folder.socket))
            connection.request("POST" if body else "GET", target, body)
            return connection.getresponse().read()

    def outcome(self, key: str) -> str:
        rows = self.status().get("resources", [])
        assert isinstance(rows, list)
        return next((str(row["outcome"]) for row in rows if row["key"] == key), "")

    def push(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder.clone / f"{name}.yaml").write_text(text)
        git = ("git", "-C", str(self.folder.clone))
        for command in (("add", "--all"), ("commit", "-q", "-m", "Change"), ("push", "-q")):
            subprocess.run((*git, *command), check=True, capture_output=True)
        subprocess.run(("git", "-C", str(self.folder.repository), "update-server-info"), check=True)

    def hook(self, secret: str) -> int:
        lines = map(json.loads, self.folder.log.read_text().splitlines())
        address = [line["address"] for line in lines if line["event"] == "hook_open"][-1]
        body = json.dumps({"ref": "refs/heads/main", "note": HOOK}).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection(address, timeout=10)
        headers = {"X-Forgejo-Event": "push", "X-Forgejo-Signature": signature, "X-Gitlab-Token": secret}
        connection.request("POST", "/hook", body, headers)
        response = connection.getresponse()
        self.hear("hook", response.read())
        connection.close()
        return response.status

    def hear(self, surface: str, content: bytes) -> None:
        self.heard[surface] = self.heard.get(surface, b"") + content

    def listen(self, *, verbs: tuple[tuple[str, ...], ...] | None = None) -> None:
        """Hear everything there is to hear now, or by these verbs only."""
        for verb in VERBS if verbs is None else verbs:
            ended = subprocess.run(
                (*COMMAND, *verb),
                capture_output=True,
                check=False,
                env=self.env,
                timeout=120,
                stdin=subprocess.DEVNULL,
            )
            self.hear(" ".join(verb), ended.stdout + ended.stderr)
        for words in ("setpoint status ", "setpoint approve ") if verbs is None else ():
            env = {**self.env, "_SETPOINT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "2"}
            ended = subprocess.run(COMMAND, capture_output=True, check=False, env=env, timeout=60)
            self.hear("completion", ended.stdout + ended.stderr)
        for target in (
            "status",
            "keys",
            "drift",
            "history?limit=1000",
            "whoami",
            "status?key=VirtualMachine/app01",
        ):
            self.hear("socket", self.answer(f"/v1/{target}"))
        self.hear(
            "socket", self.answer("/v1/approve", b'{"token": "nothing"}') + self.answer("/v1/freeze", b"{")
        )
        metrics = self.folder.metrics
        assert metrics is not None
        for path in ("/metrics", "/readyz", "/healthz"):
            connection = http.client.HTTPConnection(metrics.removeprefix("http://"), timeout=30)
            connection.request("GET", path)
            self.hear("metrics", connection.getresponse().read())
            connection.close()


VERBS = (
    ("status",), ("status", "-o", "json"), ("status", "VirtualMachine/app01"), ("plan",), ("plan", "-o", "json"),
    ("plan", "-o", "markdown"), ("plan", "--effective"), ("drift",), ("drift", "-o", "json"), ("history",),
    ("history", "-o", "json"), ("explain", "VirtualMachine.cloudInit.password"), ("validate",), ("doctor",),
    ("doctor", "-o", "json"), ("resync", "--all"),
)  # fmt: skip
SURFACES = {" ".join(verb) for verb in VERBS} | {
    "completion", "socket", "metrics", "hook", "log", "memory", "arguments of git",
}  # fmt: skip


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    root = tmp_path_factory.mktemp("leaks")
    folder = prepare(root / "lab", port=0)
    (root / "bin").mkdir()
    wrapper = root / "bin" / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {root}/arguments\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    secret = folder.root / "hook-secret"
    secret.write_text(f"{HOOK}\n")
    secret.chmod(0o600)
    emulator = launch_proxmox(port=folder.port, state=folder.world, lag=1.0)
    netbox = launch_netbox(port=folder.netbox_port, state=folder.netbox_world)
    with forge(folder.repository, "anna", GIT) as served:
        url = f"http://anna:planted-git-pw%2F%26%25@127.0.0.1:{served.port}/estate.git"
        text = folder.settings.read_text().replace("url: estate.git, poll: 10s", f'url: "{url}", poll: 2s')
        assert url in text
        folder.settings.write_text(
            f"{text}log: {{format: json, level: debug}}\nhook: {{listen: '127.0.0.1:0', secret: {{file: {secret}}}}}\n"
        )
        made = Rig(folder, emulator, served, root / "bin")
        made.own = {
            "token": folder.secret.read_text().strip(),
            "password": folder.password.read_text().strip(),
            "token of NetBox": folder.netbox_secret.read_text().strip(),
        }
        try:
            made.start()
            live(made)
        finally:
            made.stop()
            emulator.stop()
            netbox.stop()
        made.hear("log", folder.log.read_bytes())
        for path in sorted((folder.root / "state").rglob("*")):
            if path.is_file() and "objects" not in path.parts:
                made.hear("memory", path.read_bytes())
        made.hear("arguments of git", (root / "arguments").read_bytes())
        yield made


def live(rig: Rig) -> None:
    """A good time, and a bad one."""
    folder = rig.folder
    until(lambda: all(rig.outcome(key) == "Done" for key in ALL), "in sync", 60)
    assert rig.forge.let_in > 0
    assert (rig.hook(HOOK), rig.hook(WRONG)) == (202, 401)
    rig.listen()
    # What a person may write where a reference belongs.
    files = {
        f"written{number}": f"kind: VirtualMachine\nmetadata: {{name: w{number}}}\nspec:\n  cloudInit:\n    {text.format(written(number))}\n"
        for number, text in enumerate(WRITTEN.values())
    }
    cluster = (folder.clone / "cluster.yaml").read_text()
    token = re.sub(r"secret: \{.*?\}", f"secret: {written(98)}", cluster).replace("name: lab", "name: other")
    rig.push(**files, token=token)
    until(lambda: len(problems(rig)) > len(files), "the mistakes are told")
    rig.listen(verbs=(("status",), ("validate",), ("plan", "-o", "markdown")))
    # A forge that says no, and one that is broken; both repeat what they were sent.
    for status in (401, 403, 500):
        rig.forge.trouble = status
        until(lambda: not good(rig), "the trouble is told")
        rig.listen(verbs=(("doctor",),) if status == 500 else ())
        rig.forge.trouble = 0
        until(lambda: good(rig), "it is over")
    # A target that does not speak TLS.
    rig.push(cluster=cluster.replace("http://", "https://"))
    until(lambda: b"SSL" in rig.answer("/v1/status"), "TLS fails", 60)
    rig.listen(verbs=(("doctor",),))
    # Another password that is no text, another token that is not let in.
    folder.password.write_text(f"{ODD}\n")
    folder.secret.write_text(f"{WRONG}\n")
    rig.stop()
    rig.push(cluster=cluster)
    rig.start()
    until(lambda: rig.outcome("ProxmoxCluster/lab") not in ("", "Done", "Pending"), "the token is refused")
    rig.listen(verbs=(("status",), ("history",), ("plan",), ("doctor", "-o", "json")))


def problems(rig: Rig) -> list[object]:
    told = rig.status().get("problems")
    return told if isinstance(told, list) else []


def good(rig: Rig) -> bool:
    source = rig.status().get("source")
    return isinstance(source, dict) and bool(source["good"])


def secrets(rig: Rig) -> dict[str, str]:
    return {
        **rig.own, "git": GIT, "hook": HOOK, "wrong token": WRONG, "odd password": ODD.partition("\0")[0],
        **{f"written as {how}": written(number) for number, how in enumerate(WRITTEN)}, "written token": written(98),
    }  # fmt: skip


@pytest.mark.parametrize("surface", sorted(SURFACES))
def test_nothing_tells_a_secret(rig: Rig, surface: str) -> None:
    told = rig.heard[surface]
    assert len(told) > 20, "there was something to hear"
    planted = secrets(rig)
    if (
        surface == "memory"
    ):  # It keeps the files of the commit in force: who commits a secret in clear has it in git.
        planted = {name: secret for name, secret in planted.items() if not name.startswith("written")}
    leaks = {name for name, secret in planted.items() if found(secret, told)}
    assert not leaks, [
        line for line in told.splitlines() if any(found(planted[name], line) for name in leaks)
    ][:5]
