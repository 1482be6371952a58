"""Cuts changes into bodies that the server takes: all in one if it fits, else as few as possible. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from setpoint.model.errors import RefusalError

_ROOM: Final = 4_096
"""For the headers and the frame around the sets, which count as well."""


def encoded(value: object) -> bytes:
    """JSON without needless spaces, for bodies are limited."""
    return json.dumps(value, separators=(",", ":")).encode()


def parts(changes: Sequence[Mapping[str, Any]], most: int) -> list[list[bytes]]:
    """Encoded sets in groups that fit into a body of `most` bytes each, in the order of the changes.

    All that is about one name stays together if it follows one another, so that a type can be swapped.

    Raises:
        RefusalError: what is about one name is too large.
    """
    found: list[list[bytes]] = [[]]
    size = 0
    for group in _by_name(changes):
        more = sum(len(text) + 1 for text in group)
        if more > most - _ROOM:
            what = f"the record sets of one name are {more} bytes, and the server takes {most} in a call"
            raise RefusalError(what, remedy="raise webserver-max-bodysize at the server")
        if found[-1] and size + more > most - _ROOM:
            found.append([])
            size = 0
        found[-1] += group
        size += more
    return found


def patch(part: Iterable[bytes]) -> bytes:
    """The body that changes these encoded sets."""
    return b'{"rrsets":[' + b",".join(part) + b"]}"


def _by_name(changes: Sequence[Mapping[str, Any]]) -> Iterable[list[bytes]]:
    for _, group in groupby(changes, key=lambda change: str(change["name"])):
        yield [encoded(change) for change in group]
