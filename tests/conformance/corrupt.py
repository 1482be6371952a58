"""Spoils one compared field of a reply, so that a test can see whether the comparison notices."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.dialects import DIALECTS
from tests.conformance.model import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.dialect import Dialect
    from tests.conformance.model import Json, Reply, Run

Place = tuple[str | int, ...]


def corrupted(run: Run, index: int, choice: int) -> Run:
    """The run with one field of the answer for the entry `index` spoiled; `choice` picks which."""
    answer = run.answers[index]
    entry = run.trace.entries[index]
    if not isinstance(entry, Exchange):
        raise TypeError(f"entry {index} is no exchange")
    places = compared_places(DIALECTS[run.trace.system], entry, answer.reply)
    spoiled = _spoil(answer.reply, places[choice % len(places)])
    return replace(run, answers={**run.answers, index: replace(answer, reply=spoiled)})


def compared_places(dialect: Dialect, entry: Exchange, reply: Reply) -> list[Place]:
    """The fields whose exact value counts; the first two are status and reason."""
    body: Json = None if entry.part or dialect.rules.is_log(entry) else reply.body
    return [("status",), ("reason",), *(("body", *place) for place in _plain_places(dialect, body, ""))]


def _plain_places(dialect: Dialect, value: Json, key: str) -> Iterator[Place]:
    match value:
        case dict():
            for name, item in value.items():
                if not dialect.rules.is_figure(name, item, value):
                    yield from ((name, *place) for place in _plain_places(dialect, item, name))
        case list():
            for at, item in enumerate(value):
                yield from ((at, *place) for place in _plain_places(dialect, item, key))
        case str() if not dialect.tokens(value):
            yield ()
        case bool() | None:
            yield ()
        case int() | float() if dialect.rules.number_kind(key, value) is None:
            yield ()
        case _:
            return


def _spoil(reply: Reply, place: Place) -> Reply:
    match place:
        case ("status",):
            return replace(reply, status=(reply.status or 0) + 1)
        case ("reason",):
            return replace(reply, reason=f"{reply.reason} indeed")
        case (_, *inner):
            return replace(reply, body=_spoiled(copy.deepcopy(reply.body), tuple(inner)))
        case _:
            raise ValueError(place)


def _spoiled(value: Json, place: Place) -> Json:
    match value, place:
        case dict(), (str() as key, *inner):
            value[key] = _spoiled(value[key], tuple(inner))
            return value
        case list(), (int() as at, *inner):
            value[at] = _spoiled(value[at], tuple(inner))
            return value
        case bool(), _:
            return not value
        case int() | float(), _:
            return value + 1
        case str(), _:
            return f"{value}!"
        case _:
            return "something"
