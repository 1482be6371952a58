"""What the tests of the core share: a client of plain HTTP that hides nothing, and the emulator as a process."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Got:
    """An answer as it came over the wire."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    closed: bool

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def errors(self) -> dict[str, str]:
        return self.document.get("errors", {})


@dataclass
class Client:
    """Asks one emulator; as root by ticket unless told otherwise."""

    url: str
    login: dict[str, str] = field(default_factory=dict)

    def raw(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Got:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            content = response.read()
            reason = response.reason.encode("latin-1").decode()
            return Got(response.status, reason, dict(response.getheaders()), content, connection.sock is None)
        finally:
            connection.close()

    def ask(self, method: str, path: str, /, **params: Any) -> Got:
        """A request as root; `_` in names stands for `-`."""
        pairs = {key.replace("_", "-"): value for key, value in params.items()}
        form = urlencode(pairs, doseq=True)
        if method in {"GET", "DELETE"}:
            target = f"/api2/json{quote(path)}" + (f"?{form}" if form else "")
            return self.raw(method, target, self.root())
        return self.raw(
            method, f"/api2/json{quote(path)}", {**self.root(), "Content-Type": FORM}, form.encode()
        )

    def root(self) -> dict[str, str]:
        """The headers that make a request root's."""
        if not self.login:
            form = urlencode({"username": "root@pam", "password": "setpoint"}).encode()
            got = self.raw("POST", "/api2/json/access/ticket", {"Content-Type": FORM}, form).data
            self.login = {
                "Cookie": f"PVEAuthCookie={quote(got['ticket'])}",
                "CSRFPreventionToken": got["CSRFPreventionToken"],
            }
        return self.login

    def lab(self, method: str, path: str, document: Any = None) -> Any:
        """A command of the control plane; its answer."""
        body = None if document is None else json.dumps(document).encode()
        got = self.raw(method, f"/lab/{path}", {"Content-Type": JSON}, body)
        assert got.status == 200, got.body
        return got.document

    def reset(self, **state: Any) -> Any:
        """Begin with another world."""
        self.login = {}
        return self.lab("POST", "state", state)

    def finish(self) -> None:
        """Let every task end."""
        assert self.lab("POST", "tasks/finish") == {"running": []}

    def now(self) -> float:
        return float(self.lab("GET", "clock")["now"])

    def task(self, upid: str) -> dict[str, Any]:
        """The status of a task."""
        return dict(self.ask("GET", f"/nodes/{upid.split(':')[1]}/tasks/{upid}/status").data)


def as_token(name: str, secret: str) -> dict[str, str]:
    """The headers of an API token."""
    return {"Authorization": f"PVEAPIToken={name}={secret}"}
