"""What the engine tells those who measure it. It knows nothing of how that is kept; see `surface.metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Protocol

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    DownError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint.run.queue import Class


class Reply(StrEnum):
    """What became of a call to a target."""

    ANSWERED = "answered"
    TRANSPORT = "transport"
    REFUSAL = "refusal"
    BUSY = "busy"
    CONFLICT = "conflict"
    OUTCOME_UNKNOWN = "outcome_unknown"
    DOWN = "down"
    CANCELLED = "cancelled"


_REPLIES: Final = (
    (DownError, Reply.DOWN),
    (TransportError, Reply.TRANSPORT),
    (BusyError, Reply.BUSY),
    (RefusalError, Reply.REFUSAL),
    (ConflictError, Reply.CONFLICT),
    (OutcomeUnknownError, Reply.OUTCOME_UNKNOWN),
    (asyncio.CancelledError, Reply.CANCELLED),
)


def reply_of(error: TargetError | asyncio.CancelledError) -> Reply:
    """The narrowest class that the error belongs to."""
    return next((reply for cls, reply in _REPLIES if isinstance(error, cls)), Reply.ANSWERED)


class Meters(Protocol):
    """Told while it happens, on the loop, so every method is quick and raises nothing. Times are seconds."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """A reconcile ended with the outcome of that name."""
        ...

    def crashed(self, kind: str) -> None:
        """A reconcile ended by a bug."""
        ...

    def stepped(self, kind: str, verb: str) -> None:
        """A step began."""
        ...

    def delayed(self, cls: Class, seconds: float) -> None:
        """A key was taken that long after it was due."""
        ...

    def called(
        self, target: str, scopes: Iterable[str], reply: Reply, seconds: float, *, writes: bool
    ) -> None:
        """A call to the target ended; the scopes are those that it named, the empty one when it named none."""
        ...

    def drift_found(self, kind: str, after: float) -> None:
        """Something began to drift, and was found that long after the last look that saw it in sync."""
        ...

    def first_ready(self, kind: str, after: float) -> None:
        """Something is ready for the first time, that long after it came to be declared."""
        ...

    def store_failed(self) -> None:
        """The database refused what was asked of it."""
        ...

    def told(self, inventory: str, standings: int, *, failed: bool) -> None:
        """An inventory was told how so many resources stand; when it failed, others were not told."""
        ...

    def untold(self, inventory: str, standings: int) -> None:
        """So many are to be told and were not yet."""
        ...


class Silence:
    """Nobody measures."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Unheard."""

    def crashed(self, kind: str) -> None:
        """Unheard."""

    def stepped(self, kind: str, verb: str) -> None:
        """Unheard."""

    def delayed(self, cls: Class, seconds: float) -> None:
        """Unheard."""

    def called(
        self, target: str, scopes: Iterable[str], reply: Reply, seconds: float, *, writes: bool
    ) -> None:
        """Unheard."""

    def drift_found(self, kind: str, after: float) -> None:
        """Unheard."""

    def first_ready(self, kind: str, after: float) -> None:
        """Unheard."""

    def store_failed(self) -> None:
        """Unheard."""

    def told(self, inventory: str, standings: int, *, failed: bool) -> None:
        """Unheard."""

    def untold(self, inventory: str, standings: int) -> None:
        """Unheard."""
