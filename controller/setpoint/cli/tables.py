"""Tables, values and ages for people. Never cut: a terminal gets its long last column wrapped, a pipe whole lines."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from setpoint.model.diff import SECRET
from setpoint.model.tree import leaves

NARROWEST = 24
"""Columns that the last column of a table gets even in a narrow terminal."""
_GAP = "  "
_LONGEST_BEFORE = 60
"""Longer cells do not widen their column for all the others."""
_UNSET: tuple[Any, ...] = (None, "", [], {}, False)
_SPANS = ((86400, "d"), (3600, "h"), (60, "m"))


@dataclass(frozen=True)
class Cell:
    """A text with its colour, a name that click knows."""

    text: str
    colour: str | None = None


Row = Sequence["str | Cell"]


def table(head: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """The lines of a table."""
    cells = [[Cell(name) for name in head], *([_cell(one) for one in row] for row in rows)]
    widths = [
        max((len(c.text) for c in column if len(c.text) <= _LONGEST_BEFORE), default=0)
        for column in list(zip(*cells, strict=True))[:-1]
    ]
    room = terminal_width()
    lines = [line for row in cells for line in _lines(row, widths, room)]
    return [click.style(lines[0], bold=True) if coloured() else lines[0], *lines[1:]]


def value(raw: Any, *, missing: bool = False) -> str:
    """A field's value on one line; text as it is unless that would be unclear."""
    if missing:
        return "(nothing)"
    if isinstance(raw, str) and raw and raw == raw.strip() and raw.isprintable():
        return raw
    return json.dumps(raw, ensure_ascii=False)


def plain(raw: Any) -> str:
    """A value of any depth in words: lists with commas, mappings as `name value`; JSON inside of both."""
    match raw:
        case {**members} if members:
            return ", ".join(f"{name} {_inside(one)}" for name, one in members.items())
        case [_, *_] if scalars := _scalars(raw):
            return ", ".join(scalars)
        case [_, *_]:
            return "; ".join(map(plain, raw))
        case _:
            return value(raw)


def _inside(raw: Any) -> str:
    return " and ".join(_scalars(raw)) or value(raw)


def _scalars(raw: Any) -> list[str]:
    """The items of a list without depth in words; empty for anything else."""
    match raw:
        case [*rows] if not any(isinstance(one, dict | list) for one in rows):
            return list(map(value, rows))
        case _:
            return []


def seen(change: dict[str, Any]) -> str:
    """What is there of a field that differs, and whether a restart will change that."""
    other = change["observed"] == change["desired"] == SECRET
    text = "(another secret)" if other else _brief(change["observed"], missing=change["missing"])
    if change["accepted"]:
        return f"{text} (until its restart)"
    return f"{text} (after its restart)" if change["later"] else text


def _brief(raw: Any, *, missing: bool) -> str:
    """A value on one line; of a mapping only what is set in it."""
    said = [f"{field(path)} {value(one)}" for path, one in leaves(raw) if one not in _UNSET]
    return ", ".join(said) if isinstance(raw, dict) and said else value(raw, missing=missing)


def wanted(change: dict[str, Any]) -> str:
    """What is declared of a field that differs."""
    return value(change["desired"], missing=change["removed"])


def field(pointer: str) -> str:
    """A pointer as people read it: `disks.scsi0.size`; `(whole)` for the object itself."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return ".".join(parts) or "(whole)"


def age(text: str | None, now: datetime | None = None) -> str:
    """How long ago a moment is, in its largest unit; a dash for none."""
    if not text:
        return "-"
    return span(((now or datetime.now(UTC)) - datetime.fromisoformat(text)).total_seconds())


def span(seconds: float) -> str:
    """How long something lasts, in its largest unit; what lies ahead lasts no time."""
    whole = max(int(seconds), 0)
    for size, unit in _SPANS:
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def coloured() -> bool:
    """Whether standard output is a terminal that wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Columns of the terminal; None for a file or pipe, which takes lines of any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def paint(text: str, colour: str | None) -> str:
    """The text in its colour, if there are colours."""
    return click.style(text, fg=colour) if colour and coloured() else text


def _cell(one: str | Cell) -> Cell:
    return one if isinstance(one, Cell) else Cell(one)


def _lines(row: Sequence[Cell], widths: Sequence[int], room: int | None) -> Iterator[str]:
    *before, last = row
    start = "".join(
        paint(cell.text, cell.colour) + " " * max(width - len(cell.text), 0) + _GAP
        for cell, width in zip(before, widths, strict=True)
    )
    indent = sum(widths) + len(_GAP) * len(widths)
    parts = last.text.splitlines() or [""]
    if room is not None:
        left = max(room - indent, NARROWEST)
        parts = [piece for part in parts for piece in textwrap.wrap(part, left) or [""]]
    yield (start + paint(parts[0], last.colour)).rstrip()
    for part in parts[1:]:
        yield " " * indent + paint(part, last.colour)
