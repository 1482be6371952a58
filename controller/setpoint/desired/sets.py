"""`ResourceSet`: one manifest for each row of a list, or of a CSV file in the repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath

from setpoint.desired.envelope import ResourceSetFile
from setpoint.desired.files import is_table
from setpoint.desired.limits import MADE, PROBLEMS
from setpoint.desired.node import Fields, Items, Leaf, Node, as_fields, child, nearest
from setpoint.desired.places import rendered
from setpoint.desired.suggest import remedy as suggestion
from setpoint.desired.table import Row, Table, read_table
from setpoint.desired.template import filled, placeholders
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationError, DeclarationProblem
from setpoint.model.origin import Origin

KIND = "ResourceSet"
_VALUE = 64


@dataclass(frozen=True)
class Made:
    """What a set makes.

    Attributes:
        manifests: with the row that each comes from.
        complete: no manifest is hidden by a mistake.
        table: the file of its rows, whether there is one or not.
    """

    manifests: tuple[tuple[Row, Fields], ...] = ()
    problems: tuple[DeclarationProblem, ...] = ()
    complete: bool = False
    table: str | None = None


@dataclass
class _Making:
    problems: list[DeclarationProblem] = field(default_factory=list[DeclarationProblem])

    def say(self, origin: Origin, what: str, remedy: str, at: str = "") -> None:
        if len(self.problems) < PROBLEMS:
            self.problems.append(DeclarationProblem(origin, what, remedy, at))


def is_set(root: Node) -> bool:
    """Whether a document is one."""
    kind = child(root, "kind")
    return isinstance(kind, Leaf) and kind.value == KIND


def template_of(root: Fields) -> Fields:
    """The manifest with placeholders."""
    return as_fields(nearest(root, ("spec", "template")))


def make(path: str, root: Fields, tables: Mapping[str, bytes]) -> Made:
    """The manifests of the set at `root`, a document of the file at `path`; `tables` are the CSV files by path."""
    said, problems = check(ResourceSetFile, root)
    if said is None:
        return Made(problems=problems)
    template = template_of(root)
    place = None
    if said.spec.csv is None:
        table = Table(tuple(_inline(nearest(root, ("spec", "rows")))))
    else:
        place = normpath(join(path[: path.rfind("/") + 1], said.spec.csv))
        if place not in tables:
            problem = _missing(nearest(root, ("spec", "csv")).origin, place)
            return Made(problems=(problem,), table=place)
        table = read_table(place, tables[place])
    making = _Making([*table.problems])
    rows = _fitting(template, table, making)
    manifests: list[tuple[Row, Fields]] = []
    for row in rows:
        try:
            manifests.append((row, filled(template, row)))
        except DeclarationError as error:
            making.problems.extend(error.problems)
    return Made(
        tuple(manifests), tuple(making.problems[:PROBLEMS]), complete=not making.problems, table=place
    )


def _inline(rows: Node) -> Iterable[Row]:
    for row in rows.items if isinstance(rows, Items) else ():
        fields = as_fields(row).fields
        texts = {
            name: value.value
            for name, value in fields.items()
            if isinstance(value, Leaf) and isinstance(value.value, str)
        }
        yield Row(row.origin, fields, texts)


def _missing(origin: Origin, place: str) -> DeclarationProblem:
    if not is_table(place):
        return DeclarationProblem(
            origin, f"{place} is no CSV file", "name one whose name ends in .csv", "spec.csv"
        )
    # What other files there are must not matter: who asks for this one is read anew only when this one changes.
    return DeclarationProblem(origin, f"there is no file {place}", "add it, or correct the name", "spec.csv")


def _fitting(template: Fields, table: Table, making: _Making) -> list[Row]:
    """The rows that have a value for every placeholder."""
    try:
        wanted = list(placeholders(template, ("spec", "template")))
    except DeclarationError as error:
        making.problems.extend(error.problems)
        return []
    if _cost(template, Counter(column for column, _, _ in wanted), table.rows) > MADE:
        what, remedy = "this makes too much", "write less in a row, or split it into several sets"
        making.say(template.origin, what, remedy, "spec.template")
        return []
    known = table.columns.union(*(row.values for row in table.rows))
    unknown = [one for one in wanted if one[0] not in known]
    if unknown and (table.rows or table.columns):
        for column, origin, path in unknown:
            remedy = suggestion(column, known, otherwise="the columns are")
            making.say(origin, f"there is no column '{column}'", remedy, rendered(path))
        return []
    found: list[Row] = []
    for row in table.rows:
        lacking = next(((column, at) for column, at, _ in wanted if column not in row.values), None)
        if lacking is None:
            found.append(row)
        else:
            what = f"this row has no '{lacking[0]}', which {lacking[1]} asks for"
            making.say(row.origin, what, f"add it; {lacking[0]}: null leaves the field out")
    return found


def _cost(template: Fields, wanted: Mapping[str, int], rows: Collection[Row]) -> int:
    """How much the rows make, as `MADE` counts; `wanted` says how often each column is asked for."""
    filling = (
        times * _size(row.values[column])
        for row in rows
        for column, times in wanted.items()
        if column in row.values
    )
    return _size(template) * len(rows) + sum(filling)


def _size(node: Node) -> int:
    match node:
        case Fields():
            return _VALUE + sum(map(_size, node.fields.values()))
        case Items():
            return _VALUE + sum(map(_size, node.items))
        case Leaf(value=str(text)):
            return _VALUE + len(text)
        case _:
            return _VALUE
