"""The daemon as a process, as it is installed: `setpoint run` over a folder of the bench."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint.cli.client import Client, DaemonDownError
from setpoint.settings import Settings, load_settings
from tests.bench.child import SideError
from tests.bench.estate import Folder

COMMAND = (sys.executable, "-m", "setpoint")
PATIENCE = 600.0
"""Seconds after which something is given up."""


@dataclass(frozen=True)
class Daemon:
    """A daemon that runs."""

    folder: Folder
    settings: Settings
    process: subprocess.Popen[bytes]

    def client(self) -> Client:
        """A way to ask it."""
        return Client(self.settings.socket_path)

    def status(self) -> dict[str, Any]:
        """What it tells; empty while it does not listen yet."""
        try:
            return self.client().get("/v1/status", seconds=60)
        except DaemonDownError:
            return {}

    def in_sync(self) -> None:
        """Wait until everything was looked at and is as declared."""

        def found() -> bool:
            told = self.status()
            rows = told.get("resources", [])
            return told.get("phase") == "running" and bool(rows) and all(r["outcome"] == "Done" for r in rows)

        self.until(found, "everything in sync")

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until it holds; looks cost the daemon time, so they become rarer.

        Raises:
            SideError: the daemon ended, or it was not so in time.
        """
        began = time.monotonic()
        while not holds():
            taken = time.monotonic() - began
            if self.process.poll() is not None or taken > PATIENCE:
                raise SideError(f"not in time: {what}\n{self.log.read_text()[-3000:]}")
            time.sleep(max(0.05, taken / 10))

    @property
    def log(self) -> Path:
        return self.folder.root / "daemon.log"

    def memory(self) -> dict[str, int]:
        """Bytes in memory now (`VmRSS`) and at most so far (`VmHWM`)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        pairs = (line.split() for line in lines if line.startswith(("VmRSS", "VmHWM")))
        return {words[0].rstrip(":"): int(words[1]) << 10 for words in pairs}

    def work(self) -> float:
        """Seconds of processors that it has taken so far, with those of what it called and has waited for."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def daemon(folder: Folder) -> Generator[Daemon]:
    """A daemon for the length of the block."""
    settings = load_settings(folder.settings, {})
    with (folder.root / "daemon.log").open("wb") as log:
        process = subprocess.Popen((*COMMAND, "run"), stdout=log, stderr=log, env=folder.environment)
    try:
        yield Daemon(folder, settings, process)
    finally:
        process.kill()
        process.wait()
