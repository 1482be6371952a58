"""Whole lists: by cursor, for by offset a row is lost when another one before it is deleted between two pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from setpoint_netbox.api.failures import Call, OutageError, RefusedError, no_netbox
from setpoint_netbox.api.line import Line, Query
from setpoint_netbox.api.urls import chunks

Row: TypeAlias = Mapping[str, Any]

PAGE: Final = 1_000
"""Rows of a page: the most that NetBox gives as it is installed."""
TRIES: Final = 3
"""How often a list by offset is read that changes meanwhile."""
_CHOICE = re.compile(r"Select a valid choice\. (\d+) is not one of the available choices")


async def rows(line: Line, path: str, query: Query = ()) -> list[Row]:
    """Every row that NetBox shows; the query must not name an order.

    `next` is never followed: behind a proxy it may name another host, which would get the token.

    Raises:
        NetBoxError: also when not all of it came.
    """
    found = await _by_cursor(line, path, query, 0)
    if found is None:
        return await _by_offset(line, path, query)
    return found


async def changes(line: Line, start: int, query: Query) -> list[Row]:
    """The rows of NetBox's changes from the id `start` on, in the order of their ids.

    Raises:
        NetBoxError: they cannot be read.
    """
    path = "core/object-changes/"
    found = await _by_cursor(line, path, query, start)
    if found is None:
        after = ("id__gt", str(start - 1))
        found = [row for row in await _by_offset(line, path, (*query, after)) if row["id"] >= start]
    return sorted(found, key=lambda row: int(row["id"]))


async def rows_of(
    line: Line, path: str, query: Query, name: str, ids: Iterable[int], belongs: Callable[[Row], int | None]
) -> list[Row]:
    """The rows with one of `ids` under the filter `name`; `belongs` tells a row's own, for a filter may be ignored.

    Raises:
        NetBoxError: they cannot be read.
    """
    found: list[Row] = []
    for part in chunks(path, (*query, ("limit", str(PAGE)), ("start", "0" * 12)), name, sorted(set(ids))):
        wanted = set(part)
        found += [row for row in await _patient(line, path, query, name, part) if belongs(row) in wanted]
    return found


async def _patient(line: Line, path: str, query: Query, name: str, ids: list[int]) -> list[Row]:
    """An object that is gone is no valid choice for a filter: then the others are asked for alone."""
    left = list(ids)
    while left:
        try:
            return await rows(line, path, (*query, *((name, str(one)) for one in left)))
        except RefusedError as refused:
            gone = {int(one) for said in refused.fields.get(name, ()) for one in _CHOICE.findall(said)}
            if gone.isdisjoint(left):
                raise
            left = [one for one in left if one not in gone]
    return []


async def _by_cursor(line: Line, path: str, query: Query, start: int) -> list[Row] | None:
    """None when the NetBox is too old for it, and ignored where to begin."""
    found: list[Row] = []
    while True:
        page = await _page(line, path, (*query, ("limit", str(PAGE)), ("start", str(start))))
        if page["count"] is not None:
            return None
        got: list[Row] = page["results"]
        if any(row["id"] < start for row in got) or (page["next"] and not got):
            raise no_netbox(Call("GET", path, line.access.url), "its pages do not follow one another")
        found += got
        if not page["next"]:
            return found
        start = max(int(row["id"]) for row in got) + 1


async def _by_offset(line: Line, path: str, query: Query) -> list[Row]:
    """Only a list that has the same number of rows before and after it was read counts as whole."""
    for _ in range(TRIES):
        found: dict[int, Row] = {}
        counts: set[int] = set()
        offset = 0
        while True:
            order = (("limit", str(PAGE)), ("offset", str(offset)), ("ordering", "id"))
            page = await _page(line, path, (*query, *order))
            got: list[Row] = page["results"]
            counts.add(int(page["count"]))
            found.update({int(row["id"]): row for row in got})
            offset += len(got)
            if not page["next"] or not got:
                break
        again = await _page(line, path, (*query, ("limit", "1"), ("fields", "id")))
        if counts | {int(again["count"])} == {len(found)}:
            return list(found.values())
    call = Call("GET", path, line.access.url)
    raise OutageError(
        f"{call} gave a list that changed while it was read", remedy="NetBox 4.6 or later reads whole lists"
    )


async def _page(line: Line, path: str, query: Query) -> dict[str, Any]:
    page: Any = await line.get(path, query)
    try:
        right = page["count"] is None or isinstance(page["count"], int)
        right = right and (page["next"] is None or isinstance(page["next"], str))
        right = right and all(isinstance(row["id"], int) for row in page["results"])
    except (KeyError, TypeError):
        right = False
    if not right:
        raise no_netbox(Call("GET", path, line.access.url), "no page of a list")
    whole: dict[str, Any] = page
    return whole
