"""Times as NetBox writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """A time as the API writes it: `2026-11-21T03:00:00.000013Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """A time, or the beginning of a day; without zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def etag(last_updated: str) -> str:
    """The ETag of an object that was last saved then."""
    return f'W/"{stamp(parse_time(last_updated)).replace("Z", "+00:00")}"'
