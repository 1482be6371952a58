"""Which resources were not seen as declared for long: nobody has proven since then that what is declared is so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from setpoint.cli.output import Ending


def stale(
    rows: Sequence[dict[str, Any]], longest: timedelta, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows that were last seen in sync longer ago than that, or never."""
    moment = now or datetime.now(UTC)
    return [row for row in rows if not _is_fresh(row["inSyncAt"], longest, moment)]


def staleness(rows: Sequence[dict[str, Any]]) -> Ending:
    """What stale rows amount to."""
    return Ending.DIFFERENT if rows else Ending.FINE


def _is_fresh(seen: str | None, longest: timedelta, now: datetime) -> bool:
    return seen is not None and now - datetime.fromisoformat(seen) <= longest
