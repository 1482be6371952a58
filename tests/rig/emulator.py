"""The emulator as a daemon's world in virtual time: its control plane over one kept connection, and its clock."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 60.0


class Plane:
    """The control plane of the emulator at `url`; what `Lab` does, a hundred times a second."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=_PATIENCE)

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("POST", path, json.dumps(body))

    def now(self) -> float:
        """The emulator's time, seconds since the epoch."""
        return float(self.get("clock")["now"])

    def pass_to(self, moment: float) -> float:
        """Let time pass until `moment`; the time then, which is later when the emulator's ran ahead."""
        return float(self.post("clock", {"to": moment})["now"])

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        try:
            return self._once(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # It closes what was idle for some seconds of real time.
            self._connection.close()
            return self._once(method, path, body)

    def _once(self, method: str, path: str, body: str | None) -> Any:
        self._connection.request(method, f"/lab/{path}", body)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, body, text)
        return json.loads(text)
