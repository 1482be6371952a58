"""How long a URL may be: NetBox's server refuses a request line of more than 4,094 bytes, with a page of HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

from setpoint_netbox.api.line import Query

LONGEST: Final = 3_500
"""Bytes of a path with its query; a proxy may add to it."""


def chunks(path: str, query: Query, name: str, values: Iterable[int]) -> Iterator[list[int]]:
    """The values in groups, so that each fits into one URL as `name=1&name=2`, beside the rest of the query."""
    room = LONGEST - len(f"/api/{path}?") - len(urlencode(query))
    part: list[int] = []
    size = 0
    for value in values:
        more = len(name) + len(str(value)) + 2
        if part and size + more > room:
            yield part
            part, size = [], 0
        part.append(value)
        size += more
    if part:
        yield part
