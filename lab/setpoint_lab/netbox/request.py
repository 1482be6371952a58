"""A request to the API and the answer to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from setpoint_lab.netbox.errors import BAD_REQUEST, detail

UNSUPPORTED_MEDIA = 415
PARSED = ("application/json", "multipart/form-data")


@dataclass(frozen=True)
class Request:
    """What a client sent; `query` is undecoded, `base` is the address by which the client knows the server."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    peer: str

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The query parameters with all their values."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.parameters.get(name)
        return values[-1] if values else None

    def document(self) -> Any:
        """The JSON in the body, `{}` for none.

        Raises:
            Refused: it is of another type, or no JSON.
        """
        if not self.body:
            return {}
        kind = self.headers.get("Content-Type", "")
        if kind.partition(";")[0].strip().lower() not in PARSED:
            raise detail(UNSUPPORTED_MEDIA, f'Unsupported media type "{kind}" in request.')
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise detail(BAD_REQUEST, f"JSON parse error - {error}") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: `body` is JSON, text is HTML, None is nothing.

    `raw` goes over the wire instead of `body`, and the connection ends after it when `promised` is a greater length;
    with `drip` it goes in pieces, with so many seconds between them.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    html: str | None = None
    raw: bytes | None = None
    promised: int = 0
    drip: float = 0.0
