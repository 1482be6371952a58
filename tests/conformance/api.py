"""The emulated API as a replay uses it: requests of our own, and waiting for tasks in the emulator's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.identity import ROOT, Credentials
from tests.conformance.lab import PREFIXES, Lab
from tests.conformance.model import Identity, Request
from tests.conformance.raw import data_of
from tests.conformance.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.model import Multipart, Reply

POLL_SECONDS = 0.3
POLL_ROUNDS = 400
"""How often, and how many times, the recorder asked for a task that it waited for: 120 seconds."""

OK = 200

AS_ROOT = Identity(0, 0, f"{ROOT} ticket")
"""Who asks when the recording does not say."""


class Api:
    """A running emulator, the credentials that hold there, and its clock."""

    def __init__(self, system: str, base_url: str) -> None:
        """Speak to the emulator of `system` at `base_url`."""
        self.lab = Lab(base_url)
        self._transport = Transport(base_url, PREFIXES[system])
        self.credentials = Credentials(self._transport)

    def send(self, request: Request, headers: dict[str, str], multipart: Multipart | None = None) -> Reply:
        """Send a request with these headers and no others that identify."""
        return self._transport.send(request, headers, multipart)

    def ask(self, request: Request, identity: Identity = AS_ROOT) -> Reply:
        """Send a request of our own."""
        return self._transport.send(request, self.credentials.headers(identity))

    def finish(self, upid: str | None) -> None:
        """Wait for a task, by its emulated name."""
        if upid is not None:
            path = f"/nodes/{upid.split(':')[1]}/tasks/{upid}/status"
            self.until_stopped(lambda: self.ask(Request("GET", path)))

    def until_stopped(self, send: Callable[[], Reply]) -> Reply:
        """Repeat a request for a task's status until it does not run, as the recorder did."""
        reply = send()
        for _ in range(POLL_ROUNDS):
            if not _is_running(reply):
                break
            self.lab.advance(POLL_SECONDS)
            reply = send()
        return reply


def _is_running(reply: Reply) -> bool:
    data = data_of(reply.body)
    return reply.status == OK and isinstance(data, dict) and data.get("status") == "running"
