"""What a rule finds in an object: a leaf, the entries of a list, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from setpoint.model.printable import brief
from setpoint.model.tree import Json
from setpoint_netbox.mapping.branch import Branch, Cell, put, spread
from setpoint_netbox.mapping.model import PLACEHOLDER, Condition, Rule, Sources
from setpoint_netbox.mapping.paths import Scope, find, parse, said, shown
from setpoint_netbox.mapping.transforms import Transforms, applied
from setpoint_netbox.mapping.trouble import TroubleError
from setpoint_netbox.mapping.units import DEFAULT, Unit, UnitOf, measured

_SHOWN: Final = 60
_REFERENCE: Final = frozenset({"id", "display"})


@dataclass(frozen=True, slots=True)
class Context:
    """The map that a rule stands in, for one object.

    Attributes:
        units: what numbers count, by the names that rules have for it.
        troubles: what could not be made, by its field.
    """

    name: str
    units: Mapping[str, Unit]
    troubles: dict[str, TroubleError] = field(default_factory=dict[str, TroubleError])


def holds(condition: Condition | None, scope: Scope, context: Context) -> bool:
    """Whether a condition holds of an object or an item; none always does.

    Raises:
        TroubleError: names for one thing say different things.
    """
    if condition is None:
        return True
    # The usual question first: a content of 20,000 objects asks a million.
    if condition.field is not None:
        return _answered(condition.field, condition, scope, context)
    if condition.all is not None:
        return all(holds(part, scope, context) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, scope, context) for part in condition.any)
    if condition.tag is not None:
        return condition.tag in _texts(find(parse("tags[*].slug"), scope))
    return not holds(condition.not_, scope, context)


def _answered(groups: Sources, condition: Condition, scope: Scope, context: Context) -> bool:
    if condition.set_ is not None:
        said_there = any(find(parse(text), scope) is not None for group in groups for text in group)
        return said_there is condition.set_
    cell = _chosen(groups, (), scope, context)
    value = None if cell is None else cell.value
    if condition.in_:
        return shown(value) in _texts([*condition.in_])
    if "has" in condition.model_fields_set:
        return shown(condition.has) in _texts(value)
    return shown(value) == shown(condition.is_)


def _texts(value: Json) -> list[str]:
    return [shown(item) for item in value] if isinstance(value, list) else [shown(value)]


def value_of(rule: Rule, scope: Scope, context: Context) -> Cell | None:
    """The one value of a rule; None when nothing is said.

    Raises:
        TroubleError: what is said cannot be.
    """
    found = _own_value(rule, scope, context) if holds(rule.when, scope, context) else None
    if found is None and rule.otherwise is not None:
        return value_of(rule.otherwise, scope, context)
    return found


def _own_value(rule: Rule, scope: Scope, context: Context) -> Cell | None:
    found: Cell | None = None
    if rule.text is not None:
        found = _filled(rule.text, rule.transforms or (), scope, context)
    elif rule.source is not None:
        found = _chosen(rule.source, rule.transforms or (), scope, context)
    elif rule.value is not None:
        found = Cell(rule.value, f"by the map {context.name}")
    return Cell(rule.default, "by default") if found is None and rule.default is not None else found


def text_of(rule: Rule, scope: Scope, context: Context) -> Cell | None:
    """As `value_of`, for what is a text whatever NetBox has.

    Raises:
        TroubleError: it is none.
    """
    cell = value_of(rule, scope, context)
    if cell is None or cell.value is None:
        return None
    if isinstance(cell.value, dict | list):
        raise TroubleError(f"{cell.told} is more than one value", "name one field of it in the path")
    return Cell(shown(cell.value), cell.told)


def fill(fields: Mapping[str, Rule], scope: Scope, context: Context, into: Branch) -> None:
    """Put what rules find at their fields. What cannot be made is a trouble of the context, and the rest goes on."""
    for name, rule in fields.items():
        path = tuple(name.split("."))
        try:
            for way, cell in _found(rule, scope, context):
                put(into, (*path, *way), cell, collect=rule.collect)
        except TroubleError as error:
            context.troubles.setdefault(f"{scope.place}{name}", error)


def _found(rule: Rule, scope: Scope, context: Context) -> Iterator[tuple[tuple[str, ...], Cell]]:
    if rule.each is not None:
        yield from leaves(_entries(rule, rule.each, scope, context))
        return
    cell = value_of(rule, scope, context)
    grown = None if cell is None else spread(cell.value, cell.told)
    if grown is not None:
        yield from leaves(grown)


def leaves(node: Cell | Branch, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Cell]]:
    """Every leaf with its path."""
    if isinstance(node, Cell):
        yield path, node
        return
    for name, below in node.items():
        yield from leaves(below, (*path, name))


def _entries(rule: Rule, each: str, scope: Scope, context: Context) -> Branch:
    entries: Branch = {}
    index = 0
    for key, item in _items(find(parse(each), scope)):
        inner = Scope(item, f"{scope.place}{each}[{_called(key, item, index)}].", scope, index, key)
        if not holds(rule.when, inner, context):
            continue
        index += 1
        made: Branch = {}
        fill(rule.fields, inner, context, made)
        names = tuple(_name(one, inner, context) for one in rule.key)
        for path, cell in leaves(made):
            whose = rule.fields.get(".".join(path))
            collected = whose is not None and whose.collect
            for value in cell.value if collected and isinstance(cell.value, list) else [cell.value]:
                put(entries, (*names, *path), Cell(value, cell.told), collect=collected)
    return entries


def _items(value: Json) -> Iterable[tuple[str, Json]]:
    """Of a list in the order in which NetBox made them, which no new name and no deletion changes."""
    if isinstance(value, dict):
        return value.items()
    items = value if isinstance(value, list) else [] if value is None else [value]
    return (("", item) for item in sorted(items, key=_made))


def _made(item: Json) -> int:
    number = item.get("id") if isinstance(item, dict) else None
    return number if isinstance(number, int) else 0


def _called(key: str, item: Json, index: int) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return key or (str(name) if name else str(index))


def _name(rule: Rule, scope: Scope, context: Context) -> str:
    cell = text_of(rule, scope, context)
    if cell is None or not isinstance(cell.value, str) or not cell.value:
        raise TroubleError(
            f"{scope.place.removesuffix('.')} has no name for its entry",
            "give it one in NetBox, or map another `key`",
        )
    return cell.value


def _filled(text: str, transforms: Transforms, scope: Scope, context: Context) -> Cell | None:
    paths = [parse(found[1]) for found in PLACEHOLDER.finditer(text)]
    values = [find(path, scope) for path in paths]
    if any(value is None for value in values):
        return None
    for path, value in zip(paths, values, strict=True):
        if isinstance(value, dict | list):
            raise TroubleError(f"{scope.place}{path.text} is more than one value", "name one field of it")
    filled = iter(values)
    made = PLACEHOLDER.sub(lambda _: shown(next(filled)), text)
    told = ", ".join(dict.fromkeys(scope.place + path.text for path in paths))
    value, reading = _made_of(made, transforms, context, told)
    return None if value is None else Cell(value, told + reading)


def _chosen(
    groups: Iterable[tuple[str, ...]], transforms: Transforms | tuple[()], scope: Scope, context: Context
) -> Cell | None:
    for group in groups:
        found: tuple[str, Cell] | None = None
        for text in group:
            cell = _read(text, transforms, scope, context)
            if cell is None:
                continue
            if found is None:
                found = text, cell
            elif cell.value != found[1].value:
                one, other = _told(found[0], scope, found[1].value), _told(text, scope, cell.value)
                raise TroubleError(
                    f"{one} and {other}, and both are names for one thing",
                    "make them equal in NetBox, or clear one",
                )
        if found is not None:
            return found[1]
    return None


def _told(text: str, scope: Scope, value: Json) -> str:
    return f"{_place(text, scope)} says {brief(', '.join(_texts(value)), _SHOWN)}"


def _read(text: str, transforms: Transforms | tuple[()], scope: Scope, context: Context) -> Cell | None:
    raw = find(parse(text), scope)
    if raw is None:
        return None
    place = _place(text, scope)
    for one in raw if isinstance(raw, list) else [raw]:
        if isinstance(one, dict) and one.keys() >= _REFERENCE:
            way = f"{text}[*].name" if one is not raw else f"{text}.name"
            raise TroubleError(f"{place} is an object", f"name a field of it in the path, e.g. {way}")
    value, reading = _made_of(raw, transforms, context, place)
    if value is None:
        return None
    same = shown(value) == shown(raw) and not reading
    told = ", ".join(_texts(raw))
    return Cell(value, place if same else f"{place} {brief(told, _SHOWN)}{reading}")


def _place(text: str, scope: Scope) -> str:
    while text.startswith("^.") and scope.outer is not None:
        text, scope = text[2:], scope.outer
    return scope.place + text


def _made_of(
    value: Json, transforms: Transforms | tuple[()], context: Context, place: str
) -> tuple[Json, str]:
    """The value after all transforms, and how its unit was read."""
    reading = ""
    try:
        for transform in transforms:
            if isinstance(transform, UnitOf):
                value, how = _sized(value, transform, context)
                reading = f", {how}"
            else:
                value = said(applied(value, transform))
            if value is None:
                break
    except TroubleError as error:
        raise TroubleError(f"{place} {error.what}", error.remedy) from None
    return value, reading


def _sized(value: Json, of: UnitOf, context: Context) -> tuple[Json, str]:
    fixed = of.unit in {unit.value for unit in Unit}
    unit = Unit(of.unit) if fixed else context.units.get(of.unit, DEFAULT)
    where = f"{'the rule' if fixed else f'units.{of.unit}'} of the map {context.name}"
    return measured(value, of, unit, where)
