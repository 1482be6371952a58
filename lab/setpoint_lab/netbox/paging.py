"""Pages of lists, by offset or by cursor, and the addresses of the neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from setpoint_lab.netbox.errors import BAD_REQUEST, Refused
from setpoint_lab.netbox.ordering import order_rows

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

DEFAULT_PAGE = 50
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page with what the answer says about the list."""

    count: int | None
    following: str | None
    previous: str | None
    rows: list[Row]

    def document(self, results: list[Any]) -> dict[str, Any]:
        """The answer with the rows as they are shown."""
        return {"count": self.count, "next": self.following, "previous": self.previous, "results": results}


def cut_page(world: World, model: Model, rows: list[Row], request: Request) -> Page:
    """The page that a query asks for.

    Raises:
        Refused: a cursor is combined with an offset or an ordering, or is none.
    """
    if request.parameter("start") is not None:
        return _by_cursor(rows, request)
    names = [name.strip() for name in (request.parameter("ordering") or "").split(",")]
    ordered = order_rows(world, model, rows, names if _known(model, names) else list(model.ordering))
    return cut_offset(ordered, request)


def _known(model: Model, names: list[str]) -> bool:
    return any(name.lstrip("-") == "id" or name.lstrip("-") in model.by_name for name in names)


def cut_offset(rows: list[Row], request: Request) -> Page:
    """The page of rows that are in order already."""
    limit = _limit(request)
    offset = _whole(request.parameter("offset")) or 0
    following = _link(request, limit=limit, offset=offset + limit) if offset + limit < len(rows) else None
    previous = None
    if offset > 0:
        before = offset - limit
        previous = _link(request, limit=limit, offset=before if before > 0 else None)
    return Page(len(rows), following, previous, rows[offset : offset + limit])


def _by_cursor(rows: list[Row], request: Request) -> Page:
    if request.parameter("offset") is not None:
        raise Refused(BAD_REQUEST, ["'start' and 'offset' are mutually exclusive."])
    if request.parameter("ordering") is not None:
        raise Refused(
            BAD_REQUEST, ["Ordering cannot be specified in conjunction with cursor-based pagination."]
        )
    start = _whole(request.parameter("start"))
    if start is None:
        raise Refused(BAD_REQUEST, ["Invalid 'start' parameter: must be a non-negative integer."])
    limit = _limit(request)
    found = sorted((row for row in rows if row["id"] >= start), key=lambda row: int(row["id"]))[:limit]
    following = _link(request, limit=limit, start=found[-1]["id"] + 1) if len(found) == limit else None
    return Page(None, following, None, found)


def _limit(request: Request) -> int:
    asked = _whole(request.parameter("limit"))
    if asked is None:
        return DEFAULT_PAGE
    return min(asked, LARGEST_PAGE) if asked else LARGEST_PAGE


def _whole(text: str | None) -> int | None:
    """A number from 0, None for anything else."""
    return int(text) if text is not None and text.strip().isdigit() else None


def _link(request: Request, **changes: int | None) -> str:
    values: dict[str, list[Any]] = dict(request.parameters)
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = [value]
    return f"{request.base}{request.path}?{urlencode(sorted(values.items()), doseq=True)}"
