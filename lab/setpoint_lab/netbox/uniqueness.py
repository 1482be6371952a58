"""What no two objects may share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import WHOLE, Invalid

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model, Unique
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


def check_unique(world: World, model: Model, new: Row) -> None:
    """Refuse an object that shares what it must not.

    Raises:
        Invalid: with errors by field.
    """
    errors: dict[str, list[str]] = {}
    for rule in model.unique:
        if _taken(world, model, rule, new):
            where = rule.fields[0] if len(rule.fields) == 1 else WHOLE
            errors.setdefault(where, []).append(rule.error or _text(model, rule))
    if errors:
        raise Invalid(errors)


def _taken(world: World, model: Model, rule: Unique, new: Row) -> bool:
    values = [new.get(name) for name in rule.fields]
    if not rule.nulls and any(value is None for value in values):
        return False
    table = world.table(model.endpoint)
    if rule.folded:
        others = list(table.rows.values())
        values = [_fold(value) for value in values]
    else:
        others = table.where(rule.fields[0], values[0])
    same = _fold if rule.folded else _same
    return any(
        row["id"] != new["id"] and [same(row.get(name)) for name in rule.fields] == values for row in others
    )


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _same(value: Any) -> Any:
    return value


def _text(model: Model, rule: Unique) -> str:
    if len(rule.fields) == 1:
        return f"{model.verbose} with this {_words(rule.fields[0]).lower()} already exists."
    named = [_words(name) for name in rule.fields]
    listed = f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{model.verbose.capitalize()} with this {listed} already exists."


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
