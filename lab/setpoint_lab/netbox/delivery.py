"""What happened to objects, for whoever tells others of it: the queue between requests and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One object changed in one request; `before` and `after` are its data for the change log, None for nothing."""

    time: str
    action: Action
    type: str
    id: int
    data: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    user: str
    request_id: str
    method: str
    path: str
