"""Whether an event meets the conditions of a rule; they see the new state of the object and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from setpoint_lab.untyped import is_list, is_object

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, asked: held == asked,
    "gt": lambda held, asked: held is not None and held > asked,
    "gte": lambda held, asked: held is not None and held >= asked,
    "lt": lambda held, asked: held is not None and held < asked,
    "lte": lambda held, asked: held is not None and held <= asked,
    "in": lambda held, asked: held in asked,
    "contains": lambda held, asked: held is not None and asked in held,
    "regex": lambda held, asked: held is not None and re.match(asked, held) is not None,
}


def meets(rules: Any, data: dict[str, Any]) -> bool:
    """Whether the data of an object fits; without rules everything does.

    What leads nowhere, or cannot be compared, never fits.
    """
    if not rules:
        return True
    try:
        return _fits(rules, data)
    except (LookupError, TypeError):
        return False


def _fits(rules: dict[str, Any], data: dict[str, Any]) -> bool:
    if len(rules) > 1:
        held = _reach(data, str(rules["attr"]).split("."))
        return OPERATORS[rules.get("op", "eq")](held, rules["value"]) != bool(rules.get("negate"))
    logic, inner = next(iter(rules.items()))
    found = (_fits(each, data) for each in inner)
    return all(found) if str(logic).lower() == "and" else any(found)


def _reach(held: Any, path: list[str]) -> Any:
    for name in path:
        if is_list(held):
            held = [(item or {})[name] for item in held]
        elif is_object(held):
            held = held[name]
        elif held is None:
            raise LookupError(name)
    return held
