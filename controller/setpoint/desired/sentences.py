"""Pydantic's errors as a person would say them: what is wrong; what would be right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.tree import Json

_LONGEST = 60
_WANTED = {
    "string": ("text", "put it in quotes"),
    "int": ("a whole number", "write digits without quotes, e.g. 4"),
    "float": ("a number", "write digits without quotes, e.g. 0.5"),
    "bool": ("true or false", "write true or false, without quotes"),
    "list": ("a list", "write each item in a line of its own that begins with `- `"),
    "dict": ("a mapping", "write its fields as `name: value`, indented below it"),
}
_ALSO = {
    "tuple": "list",
    "set": "list",
    "frozen_set": "list",
    "mapping": "dict",
    "model": "dict",
    "model_attributes": "dict",
    "dataclass": "dict",
}
_LIMITS = {
    "greater_than_equal": ("is too small", "write at least {ge}"),
    "greater_than": ("is too small", "write more than {gt}"),
    "less_than_equal": ("is too large", "write at most {le}"),
    "less_than": ("is too large", "write less than {lt}"),
    "multiple_of": ("does not fit", "write a multiple of {multiple_of}"),
    "string_too_short": ("is too short", "write at least {min_length} characters"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
    "string_pattern_mismatch": ("does not look right", "it has to match {pattern}"),
}


def sentence(error: ErrorDetails, description: str) -> tuple[str, str]:
    """What is wrong with a value, and the remedy; `description` is the field's own."""
    tell = _TELLERS.get(error["type"])
    if error["input"] is None:
        return "is empty", "write a value, or remove the line"
    return tell(error, description) if tell else _type(error, description)


def _missing(_: ErrorDetails, description: str) -> tuple[str, str]:
    return "is missing", f"add it: {_lowered(description)}" if description else "add it"


def _own(error: ErrorDetails, _: str) -> tuple[str, str]:
    """A text of ours, which is a sentence already."""
    what, _, remedy = str(_context(error).get("error", error["msg"])).partition("; ")
    return what, remedy


def _limit(error: ErrorDetails, _: str) -> tuple[str, str]:
    what, remedy = _LIMITS[error["type"]]
    return f"{shown(error['input'])} {what}", remedy.format_map(_context(error))


def _count(error: ErrorDetails, _: str) -> tuple[str, str]:
    context = _context(error)
    least, most = context.get("min_length"), context.get("max_length")
    bound = f"at least {least}" if least is not None else f"at most {most}"
    return f"there are {context['actual_length']} of them", f"write {bound}"


def _choice(error: ErrorDetails, _: str) -> tuple[str, str]:
    possible = _words(str(_context(error)["expected"]).replace(" or ", ", "))
    remedy = f"write {possible[0]}" if len(possible) == 1 else suggestion(str(error["input"]), possible)
    return f"{shown(error['input'])} is not possible", remedy


def _no_tag(error: ErrorDetails, _: str) -> tuple[str, str]:
    (field,) = _words(_context(error)["discriminator"])
    return f"the field '{field}' is missing", f"add {field}, which says what this is"


def _wrong_tag(error: ErrorDetails, _: str) -> tuple[str, str]:
    context = _context(error)
    (field,) = _words(context["discriminator"])
    remedy = suggestion(str(context["tag"]), _words(context["expected_tags"]))
    return f"'{context['tag']}' is no possible {field}", remedy


def _type(error: ErrorDetails, description: str) -> tuple[str, str]:
    given: Json = error["input"]
    base = error["type"].removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float")
    wanted = _WANTED.get(_ALSO.get(base, base))
    if wanted is None:
        message = error["msg"].removeprefix("Input should be ").removeprefix("Input is not ")
        what = f"{shown(given)} is not {message}" if message != error["msg"] else message
        return what, _lowered(description)
    name, remedy = wanted
    if base == "string" and isinstance(given, list | dict):
        remedy = "write one value behind the colon"
    return f"{shown(given)} is not {name}", remedy


_TELLERS: dict[str, Callable[[ErrorDetails, str], tuple[str, str]]] = {
    "missing": _missing,
    "value_error": _own,
    "assertion_error": _own,
    "enum": _choice,
    "literal_error": _choice,
    "union_tag_not_found": _no_tag,
    "union_tag_invalid": _wrong_tag,
    "too_short": _count,
    "too_long": _count,
    **dict.fromkeys(_LIMITS, _limit),
}


def _context(error: ErrorDetails) -> Mapping[str, Any]:
    return error.get("ctx", {})


def _words(text: str) -> list[str]:
    return [word.strip("'") for word in text.split(", ")]


def shown(value: Json) -> str:
    """A value in a sentence: short, and never a whole tree."""
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"'{value}'" if len(value) <= _LONGEST else f"'{value[:_LONGEST]}…'"
        case _:
            return json.dumps(value)


def _lowered(description: str) -> str:
    text = description.rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
