"""What ends a request early: an answer that refuses it."""

from __future__ import annotations

from typing import Any

BAD_REQUEST = 400
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
PRECONDITION_FAILED = 412

WHOLE = "__all__"
"""The key of errors that belong to no single field."""


class Refused(Exception):  # noqa: N818  # it is an answer
    """Answers `status` with `body`; `headers` are added."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Keep what is answered."""
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


class Invalid(Exception):  # noqa: N818  # it is an answer
    """A value cannot be taken; `errors` is what the answer says of its field, usually a list of one text."""

    def __init__(self, errors: Any) -> None:
        """Keep the texts; a single one becomes a list."""
        super().__init__(str(errors))
        self.errors = [errors] if isinstance(errors, str) else errors


def detail(status: int, text: str) -> Refused:
    """The refusal `{"detail": text}`."""
    return Refused(status, {"detail": text})
