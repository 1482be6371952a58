"""Other versions than the one emulated in full: what their clients cannot say, and what they show otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from setpoint_lab.netbox.events import lab_event
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Answer, Request
    from setpoint_lab.netbox.world import World

CURSORS = (4, 6)
"""From here on there are cursors, ETags, and tags to add and remove."""

LABELLED = (4, 7)
"""From here on selections in custom fields have labels, and config contexts are always shown."""

RELEASES = {"4.5": "4.5.10", "4.6": "4.6.8", "4.7": "4.7.0"}
SERVICES = "/api/ipam/services/"
MERGED = frozenset({"add_tags", "remove_tags"})


@lab_event("version")
async def become(world: World, spec: Mapping[str, Any]) -> None:
    """From now on the server is of another version.

    Raises:
        ValueError: there is no such version.
    """
    wanted = str(spec["value"])
    if wanted not in RELEASES:
        raise ValueError(f"{wanted} is not emulated; there are {', '.join(RELEASES)}")
    world.version = RELEASES[wanted]


def understood(world: World, request: Request) -> Request:
    """What a server of that version makes of a request."""
    if world.release < CURSORS:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "if-match"}
        body = _without_merging(request.body)
        return replace(request, query=_without(request.query, "start"), headers=_Headers(headers), body=body)
    if world.release >= LABELLED:
        return replace(request, query=_without(request.query, "exclude"))
    return request


class _Headers(dict[str, str]):
    """Headers whose names have no case."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in given.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None, /) -> Any:
        return super().get(name.lower(), default)


def _without(query: str, name: str) -> str:
    if name not in query:
        return query
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != name]
    return urlencode(kept)


def _without_merging(body: bytes) -> bytes:
    if b"_tags" not in body:
        return body
    try:
        document = json.loads(body)
    except ValueError:
        return body
    rows: list[Any] = document if is_list(document) else [document]
    plain = [
        {name: value for name, value in row.items() if name not in MERGED} if is_object(row) else row
        for row in rows
    ]
    return json.dumps(plain if is_list(document) else plain[0]).encode()


def shown_as(world: World, request: Request, answer: Answer) -> Answer:
    """The answer as a server of that version gives it."""
    if world.release >= LABELLED and request.path.startswith(SERVICES):
        return replace(answer, body=_with_mappings(answer.body))
    if world.release < CURSORS and "ETag" in answer.headers:
        return replace(
            answer, headers={name: value for name, value in answer.headers.items() if name != "ETag"}
        )
    return answer


def _with_mappings(body: Any) -> Any:
    """Services, alone or in a list or a page, with the pairs that replace `protocol` and `ports`."""
    if is_list(body):
        return [_with_mappings(each) for each in body]
    if is_object(body) and is_list(body.get("results")):
        return body | {"results": _with_mappings(body["results"])}
    if is_object(body) and "ports" in body and "protocol" in body:
        return body | {"port_mappings": [{"protocol": body["protocol"], "ports": body["ports"]}]}
    return body


def bulk_errors(world: World, errors: list[Any]) -> Any:
    """What is said of a list that was refused: `{}` for what is good, but from 4.7 on only what is bad, with its place."""
    if world.release < LABELLED:
        return errors
    bad = [{"index": at, **error} for at, error in enumerate(errors) if error]
    return {"detail": "One or more objects failed validation.", "errors": bad}


def bulk_error(world: World, error: Any, index: int) -> Any:
    """What is said of the first bad object of a list."""
    if world.release < LABELLED or not is_object(error):
        return error
    return {"detail": "One or more objects failed validation.", "errors": [{"index": index, **error}]}
