"""Which resources were not seen as declared, or not renewed, for long: what is declared since then is perhaps not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from setpoint.cli.output import Ending


def stale(
    rows: Sequence[dict[str, Any]], longest: timedelta, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows that were last seen in sync longer ago than that, or never; or last renewed, where their kind tells when."""
    moment = now or datetime.now(UTC)
    return [row for row in rows if not all(_is_fresh(at, longest, moment) for at in _proofs(row))]


def staleness(rows: Sequence[dict[str, Any]]) -> Ending:
    """What stale rows amount to."""
    return Ending.DIFFERENT if rows else Ending.FINE


def _proofs(row: dict[str, Any]) -> list[str | None]:
    renewed = row.get("renewedAt")
    return [row["inSyncAt"], renewed] if renewed else [row["inSyncAt"]]


def _is_fresh(seen: str | None, longest: timedelta, now: datetime) -> bool:
    return seen is not None and now - datetime.fromisoformat(seen) <= longest
