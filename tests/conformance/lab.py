"""Starts an emulator as a process of its own and speaks to its control plane: the state, the clock, outside events."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.model import Reply, Request
from tests.conformance.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.conformance.model import Json

READY = "ready "
EMULATORS = {"pve": "proxmox"}
"""The emulator of each system whose exchanges were recorded."""

PREFIXES = {"pve": "/api2/json"}
"""Where the API of each system begins."""

UNSUPPORTED = {
    system: Path(__file__).parents[2] / "lab" / "setpoint_lab" / name / "unsupported.txt"
    for system, name in EMULATORS.items()
}
"""Where each emulator says what it does not yet support."""


@contextlib.contextmanager
def emulator(system: str, seed: int = 0) -> Generator[str]:
    """Run the emulator of a system with a virtual clock; its address."""
    command = [sys.executable, "-m", "setpoint_lab", "serve", EMULATORS[system], "--port", "0"]
    options = ["--clock", "virtual", "--seed", str(seed)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith(READY):
                raise RuntimeError(f"the emulator of {system} did not start: {line!r}")
            yield line.removeprefix(READY).strip()
        finally:
            process.terminate()
            process.communicate()


class Lab:
    """The control plane of a running emulator."""

    def __init__(self, base_url: str) -> None:
        """Speak to the emulator at `base_url`."""
        self._transport = Transport(base_url)

    def reset(self, state: Mapping[str, Json]) -> None:
        """Replace the world."""
        self._post("/lab/state", state)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._post("/lab/clock", {"advance": seconds})

    def event(self, event: Mapping[str, Json]) -> Reply:
        """Let something happen outside the API; the emulator may not know how."""
        return self._transport.send(Request("POST", "/lab/events", event, "json"), {})

    def _post(self, path: str, body: Mapping[str, Json]) -> None:
        reply = self._transport.send(Request("POST", path, body, "json"), {})
        if reply.status not in {200, 204}:
            raise RuntimeError(
                f"POST {path} was answered {reply.status} {reply.reason} {reply.failure}: {reply.body}"
            )
