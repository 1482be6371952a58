"""The parts of a reply that can be equal where the whole cannot, by the names that `partial.json` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.raw import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.model import Json

_OPTIONS = ("name", "renders", "parses")


def _whole(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    return recorded, emulated


def _keys(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    return _marked(recorded), _marked(emulated)


def _marked(body: Json) -> Json:
    return dict.fromkeys(body) if isinstance(body, dict) else body


def _supported(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    """The members that the emulator has too; one at least."""
    shared = {key: value for key, value in as_object(recorded).items() if key in as_object(emulated)}
    return shared or recorded, emulated


def _options(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    return _form(recorded), _form(emulated)


def _form(body: Json) -> Json:
    form = as_object(body)
    actions = as_object(form.get("actions"))
    shown: dict[str, Json] = {key: form.get(key) for key in _OPTIONS}
    shown["actions"] = {key: _marked(actions[key]) for key in actions}
    return shown


def _no_json(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    return isinstance(recorded, str) and bool(recorded), isinstance(emulated, str) and bool(emulated)


def _row(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    return _first(recorded), _first(emulated)


def _first(body: Json) -> Json:
    """The keys of a page, and the types in its first row."""
    page = as_object(body)
    shown: dict[str, Json] = dict.fromkeys(page)
    shown["results"] = [_types(row) for row in objects(page.get("results"))[:1]]
    return shown


def _types(row: dict[str, Json]) -> Json:
    return {key: type(value).__name__ for key, value in row.items()}


def _changes(recorded: Json, emulated: Json) -> tuple[Json, Json]:
    """Types and actions in order, without what only a serial's new second writes, as far as both pages reach."""
    theirs, ours = _told(recorded), _told(emulated)
    length = min(len(theirs), len(ours))
    return [*theirs[:length], bool(theirs)], [*ours[:length], bool(ours)]


def _told(body: Json) -> list[Json]:
    rows = objects(as_object(body).get("results"))
    told = [(row, as_object(row.get("action")).get("value")) for row in rows]
    return [[row.get("changed_object_type"), action] for row, action in told if not _is_serial(row, action)]


def _is_serial(row: dict[str, Json], action: Json) -> bool:
    """Whether the row may be there only because a write fell into a new second: a zone, or its SOA record."""
    changed = str(row.get("changed_object_type"))
    return action == "update" and (changed.endswith(".zone") or str(row.get("object_repr")).endswith("[SOA]"))


PARTS: dict[str, Callable[[Json, Json], tuple[Json, Json]]] = {
    "": _whole,
    "whole": _whole,
    "keys": _keys,
    "supported": _supported,
    "options": _options,
    "no json": _no_json,
    "row": _row,
    "changes": _changes,
}
