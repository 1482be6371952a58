"""The conditions of event rules: what they may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.untyped import as_list, is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

OPERATORS = ("eq", "gt", "gte", "lt", "lte", "in", "contains", "regex")
ORDERED = ("eq", "gt", "gte", "lt", "lte", "contains")
FITTING: dict[str, tuple[str, ...]] = {
    "str": ("eq", "contains", "regex"),
    "bool": ("eq", "contains"),
    "int": ORDERED,
    "float": ORDERED,
    "list": ("eq", "in", "contains"),
    "NoneType": ("eq",),
}
"""The operators that go with each type of value."""

LOGIC = "Invalid logic type: must be 'AND' or 'OR'. Please check documentation."
KEYS = "Incorrect key(s) informed. Please check documentation."


@hook("validate", "extras/event-rules")
def check_conditions(_unit: Unit, _old: Row | None, new: Row | None) -> None:
    """Conditions are one, or sets of them below `and` and `or`."""
    if new is None or not new["conditions"]:
        return
    complaint = _ruleset(new["conditions"])
    if complaint:
        raise Invalid({"conditions": [complaint]})


def _ruleset(rules: Any) -> str | None:
    if not is_object(rules):
        return f"Ruleset must be a dictionary, not {type(rules).__name__}."
    if len(rules) != 1:
        return _condition(rules)
    logic, inner = next(iter(rules.items()))
    if str(logic).lower() not in {"and", "or"} or not is_list(inner):
        return LOGIC
    complaints = (
        _ruleset(each) if is_object(each) and len(each) == 1 else _condition(each) for each in as_list(inner)
    )
    return next((each for each in complaints if each), None)


def _condition(rule: Any) -> str | None:
    if not is_object(rule) or not {"attr", "value"} <= set(rule) <= {"attr", "value", "op", "negate"}:
        return KEYS
    operator, value = rule.get("op", "eq"), rule["value"]
    if operator not in OPERATORS:
        return f"Unknown operator: {operator}. Must be one of: {', '.join(OPERATORS)}"
    fitting = FITTING.get(type(value).__name__)
    if fitting is None:
        return f"Unsupported value type: {type(value).__name__}"
    return None if operator in fitting else f"Invalid type for {operator} operation: {type(value).__name__}"
