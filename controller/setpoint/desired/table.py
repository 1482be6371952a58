"""A CSV file as rows whose every cell has its place. A cell without quotes means what it would mean in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from setpoint.desired.limits import PROBLEMS, ROWS
from setpoint.desired.node import Leaf, Node
from setpoint.desired.scalar import resolve
from setpoint.desired.text import decode, place
from setpoint.model.errors import DeclarationError, DeclarationProblem
from setpoint.model.origin import Origin
from setpoint.model.tree import Scalar

COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""What a column may be called."""

_CELL = re.compile(r'[ \t]*+(?:"((?:[^"]|"")*+)"[ \t]*+|([^",\n]*+))(?=,|\n|\Z)')
"""Nothing is tried twice: a cell may be a megabyte."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `texts` are the values as they were written, where a text was."""

    origin: Origin
    values: Mapping[str, Node]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The rows that can be read, and what is wrong with the others."""

    rows: tuple[Row, ...]
    columns: frozenset[str] = frozenset()
    problems: tuple[DeclarationProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    quoted: bool
    origin: Origin


def read_table(path: str, content: bytes) -> Table:
    """The rows of a CSV file with a line of column names."""
    try:
        text = decode(path, content)
        header, *lines = list(islice(_lines(path, text), ROWS + 2)) or [[]]
        names = _names(path, header)
        if len(lines) > ROWS:
            raise _wrong(
                lines[-1][0].origin, f"the file has more than {ROWS} rows", "split it into several files"
            )
    except DeclarationError as error:
        return Table((), problems=error.problems)
    rows: list[Row] = []
    problems: list[DeclarationProblem] = []
    for cells in lines:
        try:
            rows.append(_row(names, cells))
        except DeclarationError as error:
            problems.extend(error.problems)
    return Table(tuple(rows), frozenset(names), tuple(problems[:PROBLEMS]))


def _wrong(origin: Origin, what: str, remedy: str) -> DeclarationError:
    return DeclarationError((DeclarationProblem(origin, what, remedy),))


def _lines(path: str, text: str) -> Iterator[list[_Cell]]:
    """The cells of every line that is not empty."""
    cells: list[_Cell] = []
    position, line, begin = 0, 1, 0
    while position < len(text):
        found = _CELL.match(text, position)
        if found is None:
            what = "a quote is not closed, or something stands beside it"
            raise _wrong(
                place(path, text, position), what, 'close it, and write "" for a quote inside of quotes'
            )
        quoted = found[1] is not None
        inner = found[1].replace('""', '"') if quoted else found[2].strip()
        cells.append(_Cell(inner, quoted, Origin(path, line, position - begin + 1)))
        breaks = text.count("\n", position, found.end())
        if breaks:
            line, begin = line + breaks, text.rfind("\n", position, found.end()) + 1
        position = found.end() + 1
        if text[found.end() : position] == ",":
            if position == len(text):
                cells.append(_Cell("", quoted=False, origin=Origin(path, line, position - begin + 1)))
            continue
        line, begin = line + 1, position
        if len(cells) > 1 or cells[0].text:
            yield cells
        cells = []
    if cells:
        yield cells


def _names(path: str, header: list[_Cell]) -> list[str]:
    if not header:
        raise _wrong(
            Origin(path), "this file has no rows", "write the names of the columns into its first line"
        )
    names: dict[str, None] = {}
    for cell in header:
        if not COLUMN.fullmatch(cell.text):
            what, remedy = (
                f"'{cell.text}' is no name of a column",
                "use a-z, A-Z, 0-9, - and _, parted by commas",
            )
            raise _wrong(cell.origin, what, remedy)
        if cell.text in names:
            raise _wrong(cell.origin, f"there are two columns '{cell.text}'", "rename one of the two")
        names[cell.text] = None
    return [*names]


def _row(names: list[str], cells: list[_Cell]) -> Row:
    if len(cells) != len(names):
        what = f"this row has {len(cells)} cells, and there are {len(names)} columns"
        raise _wrong(
            cells[0].origin, what, "write one cell for each column; in quotes where a comma belongs to it"
        )
    values = {name: Leaf(_value(cell), cell.origin) for name, cell in zip(names, cells, strict=True)}
    texts = {name: cell.text for name, cell in zip(names, cells, strict=True) if cell.quoted or cell.text}
    return Row(Origin(cells[0].origin.path, cells[0].origin.line, 1), values, texts)


def _value(cell: _Cell) -> Scalar:
    if cell.quoted:
        return cell.text
    try:
        return resolve(cell.text)
    except ValueError as error:
        raise _wrong(
            cell.origin, str(error), "write another number, or put it in quotes if it is text"
        ) from None
