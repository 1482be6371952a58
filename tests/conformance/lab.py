"""Starts an emulator as a process of its own and speaks to its control plane: the state, the clock, outside events."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from setpoint_lab.process import start_netbox, start_proxmox
from tests.conformance.model import Request
from tests.conformance.raw import as_object, number
from tests.conformance.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.conformance.model import Json, Reply

OK = 200

EMULATORS = {"pve": "proxmox", "netbox": "netbox"}
"""The emulator of each system whose exchanges were recorded."""

HELD = ("pve", "netbox")
"""The systems that the tests hold to their recordings."""

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
    start = {"pve": start_proxmox, "netbox": start_netbox}[system]
    with start(clock="virtual", seed=seed) as running:
        yield running.url


class Lab:
    """The control plane of a running emulator."""

    def __init__(self, base_url: str) -> None:
        """Speak to the emulator at `base_url`."""
        self._transport = Transport(base_url)

    def reset(self, state: Mapping[str, Json]) -> str | None:
        """Replace the world; gives what was wrong when that failed."""
        reply = self._send("POST", "/lab/state", state)
        return None if reply.status == OK else f"the state was refused: {reply.failure or reply.body}"

    def now(self) -> float:
        """The emulator's time in seconds."""
        return number(as_object(self._send("GET", "/lab/clock").body).get("now"))

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        if seconds > 0:
            self._send("POST", "/lab/clock", {"advance": seconds})

    def event(self, event: Mapping[str, Json]) -> Reply:
        """Let something happen outside the API; the emulator may not know how."""
        return self._send("POST", "/lab/events", event)

    def _send(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Reply:
        return self._transport.send(Request(method, path, body, "json"), {})
