"""A real sshd on 127.0.0.1, run by whoever runs the tests: its own keys and configuration, and ways to break it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from setpoint.model.secret import Secret
from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.link import Patience
from setpoint_nixos.ssh.session import Session
from tests.rig.waiting import until

PATIENCE = 20.0
"""Seconds for which anything is waited for; what is waited for takes a fraction of one."""
SHORT = Patience(connect=10.0, answer=5.0, keepalive=2.0)
"""For tests of what does not answer."""
USER = os.environ.get("USER") if os.geteuid() else "root"
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_PORTS = range(18_000, 32_000)
"""Below those that the system hands out for connections, so that a port is still free when its server is restarted."""


def free_port() -> int:
    """A port of 127.0.0.1 that is free."""
    for port in random.SystemRandom().sample(_PORTS, 1_000):
        with socket.socket() as tcp, suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port of 127.0.0.1 is free")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "", form: str = "RFC4716") -> str:
    """Make a key pair at `path` and `path.pub`, in place of one that is there; the public line.

    Args:
        form: of the private key; RFC4716 is OpenSSH's own, PEM the older one.
    """
    for old in (path, path.with_name(f"{path.name}.pub")):
        old.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-m", form, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.with_name(f"{path.name}.pub").read_text().strip()


class OpenGate:
    """The engine's gate without budgets and breakers, which counts."""

    def __init__(self) -> None:
        self.passed: list[bool] = []
        """Whether each call writes."""

    @asynccontextmanager
    async def using(
        self, *scopes: str, writes: bool = False, elsewhere: bool = False
    ) -> AsyncGenerator[None]:
        self.passed.append(writes)
        yield


class Sshd:
    """An sshd in a directory of its own, which `close` removes; for a with block, or `start` and `close`.

    Attributes:
        root: its directory; keys, configuration and log are below it.
        host_key: the public line of its host key.
        user: as whom it lets in, with the key `root/key`.
    """

    def __init__(self, *options: str, user: str = USER or "root") -> None:
        """Make it; `options` are lines of sshd_config."""
        found = shutil.which("sshd", path=_PATH)
        if found is None:
            pytest.skip("sshd is not installed: as root on Debian, run apt-get install openssh-server")
        self.root = Path(tempfile.mkdtemp(prefix="sshd-"))
        self.user = user
        self.port = free_port()
        self.options = options
        self.host_key = make_key(self.root / "host")
        (self.root / "authorized").write_text(make_key(self.root / "key") + "\n")
        self._binary = found
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def access(self) -> Access:
        """How it is reached."""
        key = Secret((self.root / "key").read_text())
        return Access("127.0.0.1", self.user, self.host_key, key, self.port)

    def through(self, jump: Sshd) -> Access:
        """How it is reached by way of another one."""
        return replace(self.access, via=jump.access)

    def session(self, patience: Patience = SHORT) -> Session:
        """A client; whoever asked for it closes it."""
        return Session(self.access, OpenGate(), patience)

    @property
    def log(self) -> str:
        """All that it wrote, over all its lives."""
        path = self.root / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def entered(self) -> int:
        """How many times somebody was let in."""
        return self.log.count("Accepted publickey")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start, and wait until it listens."""
        assert self._process is None
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd of Debian confines itself
        config = self.root / "sshd_config"
        config.write_text(self._config())
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                (self._binary, "-D", "-e", "-f", str(config)),
                stdin=subprocess.DEVNULL,
                stderr=log,
                stdout=log,
            )
        try:
            until(
                lambda: self._process is None or self._process.poll() is not None or self._listens(),
                "sshd listens",
            )
            assert self._process.poll() is None, "sshd ended"
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.log}") from None

    def shadow(self, **programs: str) -> None:
        """From now on commands find these shell scripts before the programs of the same names."""
        folder = self.root / "shadow"
        folder.mkdir(exist_ok=True)
        wrapper = self.root / "shell"
        wrapper.write_text(f'#!/bin/sh\nPATH={folder}:$PATH exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n')
        for name, script in programs.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        for each in (wrapper, *folder.iterdir()):
            each.chmod(0o755)
        self.stop()
        self.options = (f"ForceCommand {wrapper}",)
        self.start()

    def stop(self) -> None:
        """End it and all that came in through it."""
        process, self._process = self._process, None
        if process is not None:
            below = _below(process.pid)
            process.kill()
            process.wait(PATIENCE)
            _end(below)

    def restart(self) -> None:
        """Stop and start at the same port with the same keys."""
        self.stop()
        self.start()

    def cut(self) -> None:
        """Cut all connections that there are."""
        assert self._process is not None
        _end(_below(self._process.pid))

    def freeze(self) -> None:
        """Let all connections that there are fall silent; `stop` ends them all the same."""
        assert self._process is not None
        for pid in _below(self._process.pid):
            os.kill(pid, signal.SIGSTOP)

    def rekey(self, kind: str = "ed25519") -> str:
        """Make another host key, as an installation does, and start afresh with it; its public line."""
        self.stop()
        self.host_key = make_key(self.root / "host", kind)
        self.start()
        return self.host_key

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def _config(self) -> str:
        lines = (
            *self.options,  # first, for sshd keeps the first value that it reads
            f"ListenAddress 127.0.0.1:{self.port}",
            f"HostKey {self.root}/host",
            f"AuthorizedKeysFile {self.root}/authorized",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
        )
        return "".join(f"{line}\n" for line in lines)

    def _listens(self) -> bool:
        with socket.socket() as tcp:
            tcp.settimeout(2)
            return tcp.connect_ex(("127.0.0.1", self.port)) == 0


class Silent:
    """A place on 127.0.0.1 that accepts connections and says nothing, or says what is no SSH; for a with block."""

    def __init__(self, words: bytes = b"") -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._words = words
        self._taken: list[socket.socket] = []

    def speak(self) -> None:
        """Take one connection and say the words on it."""
        taken, _ = self._socket.accept()
        taken.sendall(self._words)
        self._taken.append(taken)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (*self._taken, self._socket):
            each.close()


def _below(pid: int) -> list[int]:
    """All processes below one, the deepest last."""
    found: list[int] = []
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in map(int, children):
            found += [child, *_below(child)]
    return found


def _end(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
