"""Comparisons of filters: `name__ic=web` asks whether a name contains `web`, whatever its case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.times import parse_time

Test = Callable[[Any, Any], bool]

TEXT: dict[str, Test] = {
    "ic": lambda held, asked: asked.casefold() in held.casefold(),
    "isw": lambda held, asked: held.casefold().startswith(asked.casefold()),
    "iew": lambda held, asked: held.casefold().endswith(asked.casefold()),
    "ie": lambda held, asked: held.casefold() == asked.casefold(),
    "regex": lambda held, asked: re.search(asked, held) is not None,
    "iregex": lambda held, asked: re.search(asked, held, re.IGNORECASE) is not None,
}
"""Lookups of text; with an n before they ask the contrary."""

ORDER: dict[str, Test] = {
    "gt": lambda held, asked: held > asked,
    "gte": lambda held, asked: held >= asked,
    "lt": lambda held, asked: held < asked,
    "lte": lambda held, asked: held <= asked,
}
"""Lookups of numbers and times."""

Value = Callable[[dict[str, Any]], Any]
Predicate = Callable[[dict[str, Any]], bool]


def match_text(value: Value, lookup: str, asked: list[str], *, folded: bool) -> Predicate | None:
    """A predicate for text, None for an unknown lookup; several values are alternatives."""
    if lookup == "empty":
        return match_empty(value, asked)
    if lookup in {"", "n"}:
        wanted = {each.casefold() if folded else each for each in asked}
        return _signed(lambda row: _fold(value(row), folded=folded) in wanted, contrary=lookup == "n")
    test, contrary = TEXT.get(lookup), False
    if test is None and lookup.startswith("n"):
        test, contrary = TEXT.get(lookup[1:]), True
    if test is None:
        return None
    found = test
    return _signed(lambda row: any(found(str(value(row) or ""), each) for each in asked), contrary=contrary)


def _fold(value: Any, *, folded: bool) -> str:
    text = str(value if value is not None else "")
    return text.casefold() if folded else text


def match_ordered(
    value: Value, lookup: str, asked: list[str], parse: Callable[[str], Any]
) -> Predicate | None:
    """A predicate for numbers or times, None for an unknown lookup.

    Raises:
        Invalid: a value is none; `parse` says so.
    """
    if lookup == "empty":
        return match_empty(value, asked)
    wanted = [parse(each) for each in asked]
    if lookup in {"", "n"}:
        return _signed(lambda row: value(row) in wanted, contrary=lookup == "n")
    test = ORDER.get(lookup)
    if test is None:
        return None
    return lambda row: (held := value(row)) is not None and any(test(held, each) for each in wanted)


def match_empty(value: Value, asked: list[str]) -> Predicate:
    """Whether there is a value at all."""
    wanted = parse_flag(asked[-1])
    return lambda row: wanted is None or (value(row) in (None, "", [])) == wanted


def _signed(predicate: Predicate, *, contrary: bool) -> Predicate:
    return (lambda row: not predicate(row)) if contrary else predicate


def parse_flag(text: str) -> bool | None:
    """True, False, or None for anything else, which filters ignore."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


def parse_whole(text: str) -> int:
    """An int of a filter.

    Raises:
        Invalid: it is none.
    """
    try:
        return int(text)
    except ValueError:
        raise Invalid("Enter a whole number.") from None


def parse_number(text: str) -> float:
    """A number of a filter.

    Raises:
        Invalid: it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise Invalid("Enter a number.") from None


def parse_moment(text: str) -> Any:
    """A time of a filter.

    Raises:
        Invalid: it is none.
    """
    try:
        return parse_time(text)
    except ValueError:
        raise Invalid("Enter a valid date/time.") from None
