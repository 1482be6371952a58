"""Starts an emulator as a process of its own and ends it; for tests and for the rehearsal."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 20.0
STOP_SECONDS = 10.0


class NotReadyError(RuntimeError):
    """The process ended, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator that listens at `url`, for example `http://127.0.0.1:40123`."""

    url: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """End the process and give its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


def launch_proxmox(
    *,
    clock: str = "real",
    seed: int = 0,
    lag: float = 10.0,
    pace: str = "quick",
    port: int = 0,
    host: str = "127.0.0.1",
    state: Path | None = None,
    tls: tuple[Path, Path] | None = None,
    apart: bool = False,
) -> Running:
    """Start the Proxmox emulator and wait until it listens.

    With `apart` it is in a session of its own, where Ctrl-C in the terminal does not reach it.

    Raises:
        NotReadyError: it did not.
    """
    command = [sys.executable, "-m", "setpoint_lab", "serve", "proxmox"]
    command += ["--host", host, "--port", str(port), "--clock", clock, "--seed", str(seed), "--lag", str(lag)]
    command += ["--pace", pace]
    command += ["--state", str(state)] if state else []
    command += ["--tls", str(tls[0]), str(tls[1])] if tls else []
    return _launch(command, apart=apart)


def launch_netbox(
    *,
    clock: str = "real",
    seed: int = 0,
    port: int = 0,
    host: str = "127.0.0.1",
    state: Path | None = None,
    tls: tuple[Path, Path] | None = None,
    apart: bool = False,
) -> Running:
    """Start the NetBox emulator and wait until it listens; see `launch_proxmox`.

    Raises:
        NotReadyError: it did not.
    """
    command = [sys.executable, "-m", "setpoint_lab", "serve", "netbox"]
    command += ["--host", host, "--port", str(port), "--clock", clock, "--seed", str(seed)]
    command += ["--state", str(state)] if state else []
    command += ["--tls", str(tls[0]), str(tls[1])] if tls else []
    return _launch(command, apart=apart)


def _launch(command: list[str], *, apart: bool) -> Running:
    process = subprocess.Popen(  # noqa: S603  # our own program
        command, stdout=subprocess.PIPE, text=True, start_new_session=apart
    )
    line = _first_line(process)
    if not line.startswith("ready "):
        process.kill()
        process.wait()
        raise NotReadyError(f"the emulator said {line!r} instead of `ready URL` within {START_SECONDS} s")
    return Running(line.removeprefix("ready ").strip(), process)


@contextlib.contextmanager
def start_proxmox(
    *,
    clock: str = "real",
    seed: int = 0,
    lag: float = 10.0,
    pace: str = "quick",
    state: Mapping[str, Any] | None = None,
    tls: tuple[Path, Path] | None = None,
) -> Generator[Running]:
    """An emulator for the length of a with block, on a free port of 127.0.0.1."""
    with _state_file(state) as file:
        running = launch_proxmox(clock=clock, seed=seed, lag=lag, pace=pace, state=file, tls=tls)
        try:
            yield running
        finally:
            running.stop()


@contextlib.contextmanager
def start_netbox(
    *,
    clock: str = "real",
    seed: int = 0,
    state: Mapping[str, Any] | None = None,
    tls: tuple[Path, Path] | None = None,
) -> Generator[Running]:
    """An emulated NetBox for the length of a with block, on a free port of 127.0.0.1."""
    with _state_file(state) as file:
        running = launch_netbox(clock=clock, seed=seed, state=file, tls=tls)
        try:
            yield running
        finally:
            running.stop()


@contextlib.contextmanager
def _state_file(state: Mapping[str, Any] | None) -> Generator[Path | None]:
    if state is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.json"
        file.write_text(json.dumps(state), encoding="utf-8")
        yield file


def _first_line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        return ""
    deadline = time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        if not ready.select(deadline - time.monotonic()):
            return ""
    return process.stdout.readline()
