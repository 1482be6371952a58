"""The processes of the rehearsal, emulators and daemon: started in order, watched, and stopped in order."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from setpoint.cli.client import Client, DaemonDownError
from setpoint.model.errors import SetpointError
from setpoint.store.lock import StateInUseError, StateLock
from setpoint_lab.process import NotReadyError, Running, launch_netbox, launch_proxmox
from setpoint_lab.rehearsal_folder import Folder, free_port

START_SECONDS = 30.0
STOP_SECONDS = 40.0
"""A little more than the daemon takes to end the step under way."""
KEEP_EVERY = 5.0
"""Seconds between two keepings of the worlds; what happened since is lost when the rehearsal is killed."""


@dataclass
class Stage:
    """All processes, running."""

    folder: Folder
    emulator: Running
    netbox: Running
    daemon: subprocess.Popen[bytes]
    _kept: float = field(default_factory=time.monotonic)

    @property
    def client(self) -> Client:
        """The way to the daemon."""
        return Client(self.folder.socket)

    def check(self) -> None:
        """Keep the worlds now and then.

        Raises:
            SetpointError: one of the processes ended.
        """
        if self.daemon.poll() is not None:
            raise SetpointError(
                f"the daemon ended with {self.daemon.returncode}", remedy=_last_words(self.folder)
            )
        for what, emulator in (("cluster", self.emulator), ("NetBox", self.netbox)):
            if emulator.process.poll() is not None:
                raise SetpointError(f"the emulated {what} ended with {emulator.process.returncode}")
        if time.monotonic() - self._kept > KEEP_EVERY:
            self.keep()

    def keep(self) -> None:
        """Remember the data centre and the NetBox as they are."""
        self._kept = time.monotonic()
        with suppress(OSError, http.client.HTTPException):
            self.folder.keep_world(_fetch_world(self.emulator.url))
        with suppress(OSError, http.client.HTTPException):
            self.folder.keep_netbox(_fetch_world(self.netbox.url))


@contextmanager
def on_stage(folder: Folder) -> Generator[Stage]:
    """All processes for the length of the block.

    Raises:
        SetpointError: one of them does not start.
    """
    with _alone(folder):
        yield from _play(folder)


def _play(folder: Folder) -> Generator[Stage]:
    if left := left_behind(folder):
        raise SetpointError(
            f"a rehearsal in {folder.root} was killed, and its emulators or daemon still run",
            remedy=f"end what it left: kill {' '.join(map(str, left))}; then start again",
        )
    for port in (folder.port, folder.netbox_port):
        if free_port(port) != port:
            raise SetpointError(
                f"port {port}, on which an emulated API is declared, is taken",
                remedy="end what listens there, or begin another rehearsal with --dir",
            )
    with ExitStack() as running:
        emulator, netbox = (running.enter_context(_emulator(launch)) for launch in _launches(folder))
        stage = Stage(folder, emulator, netbox, _start_daemon(folder))
        try:
            _await_socket(stage)
            yield stage
        finally:
            _end(stage.daemon)
            stage.keep()


def _launches(folder: Folder) -> tuple[Callable[[], Running], ...]:
    """How the emulated cluster and the emulated NetBox are started."""
    return (
        partial(launch_proxmox, port=folder.port, state=folder.world, apart=True),
        partial(launch_netbox, port=folder.netbox_port, state=folder.netbox_world, apart=True),
    )


@contextmanager
def _emulator(launch: Callable[[], Running]) -> Generator[Running]:
    try:
        running = launch()
    except NotReadyError as error:
        raise SetpointError(f"an emulator does not start: {error}") from error
    try:
        yield running
    finally:
        running.stop()


def left_behind(folder: Folder) -> list[int]:
    """The processes that serve this very folder; daemons first. Whoever holds the lock asks, so nobody owns them."""
    daemon = f"run --config {folder.settings}".split(" ", 2)
    emulators = [["--state", str(world)] for world in (folder.world, folder.netbox_world)]
    found: list[tuple[bool, int]] = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = place.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
            if words[-3:] == daemon or (words[3:4] == ["serve"] and words[-2:] in emulators):
                found.append((words[-3:] != daemon, int(place.parent.name)))
    return [number for _, number in sorted(found)]


@contextmanager
def _alone(folder: Folder) -> Generator[None]:
    lock = StateLock(folder.root)
    try:
        lock.acquire()
    except StateInUseError as error:
        raise SetpointError(
            f"a rehearsal runs in {folder.root} already",
            remedy="end that one, or name another folder with --dir",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _start_daemon(folder: Folder) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches the rehearsal alone, which then stops things in order."""
    command = [sys.executable, "-m", "setpoint", "run", "--config", str(folder.settings)]
    with folder.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own program
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=os.environ
        )


def _await_socket(stage: Stage) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        stage.check()
        with suppress(DaemonDownError):
            stage.client.get("/v1/status")
            return
        time.sleep(0.05)
    raise SetpointError(
        f"the daemon does not answer within {START_SECONDS:.0f} s", remedy=_last_words(stage.folder)
    )


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _last_words(folder: Folder) -> str:
    lines = (
        folder.log.read_text(encoding="utf-8", errors="replace").splitlines() if folder.log.exists() else []
    )
    return f"its last words in {folder.log}: {lines[-1]}" if lines else f"see {folder.log}"


def _fetch_world(url: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", "/lab/state")
        state: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return state
