"""Verifies parameters as the real daemon does and gives the texts of its 400; neighbours: `schema`, `formats`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from setpoint_lab.proxmox.formats import FORMATS, FormatError
from setpoint_lab.proxmox.named_shapes import CPU_TYPES, NAMED
from setpoint_lab.proxmox.properties import PropertyError, split_properties
from setpoint_lab.proxmox.schema import Method, Shape
from setpoint_lab.untyped import as_list, is_list, is_object

MISSING = "property is missing and it is not optional"
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"

_INTEGER = re.compile(r"^[+-]?\d+$")
_NUMBER = re.compile(r"^[+-]?(?:\d+\.\d+|\d+\.|\.\d+|\d+)(?:[eE][+-]?\d+)?$")
_PERL_GROUP = re.compile(r"\(\?\^([a-z]*):")


def verify(method: Method, params: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, str]]:
    """The typed parameters and the texts of what is wrong with them (empty when nothing is).

    A value may be a string, a list (a repeated key, a JSON array), a JSON number, boolean or object; None
    counts as absent.
    """
    given = {name: value for name, value in params.items() if value is not None}
    errors: dict[str, str] = {}
    typed: dict[str, object] = {}
    for name, shape in method.parameters.items():
        if "[n]" not in name and name not in given:
            _missing(shape, name, errors)
    for name, value in given.items():
        known = method.shape(name)
        if known is None:
            if method.additional:
                typed[name] = value
            else:
                errors[name] = UNKNOWN
            continue
        required = known.get("requires")
        if required is not None and required not in given:
            errors.setdefault(required, f"missing property required by '{name}'")
        typed[name] = _verified(known, value, name, errors)
    return typed, errors


def parse_property_string(shapes: Mapping[str, Shape], text: str, path: str) -> dict[str, str]:
    """The verified properties of a property string.

    Raises:
        FormatError: with the text that stands behind `invalid format - `.
    """
    try:
        found = split_properties(shapes, text)
    except PropertyError as error:
        raise FormatError(str(error)) from None
    errors: dict[str, str] = {}
    for name, shape in shapes.items():
        if name not in found:
            _missing(shape, f"{path}.{name}", errors)
    for name, value in found.items():
        known = shapes.get(name)
        if known is None:
            errors[f"{path}.{name}"] = UNKNOWN
            continue
        required = known.get("requires")
        if required is not None and required not in found:
            errors.setdefault(f"{path}.{required}", f"missing property required by '{path}.{name}'")
        _verified(known, value, f"{path}.{name}", errors)
    if errors:
        raise FormatError(
            "format error\n" + "".join(f"{key}: {text}\n" for key, text in sorted(errors.items()))
        )
    return found


def _missing(shape: Shape, path: str, errors: dict[str, str]) -> None:
    if not shape.get("optional") and "alias" not in shape:
        errors.setdefault(path, MISSING)


def _verified(shape: Shape, value: Any, path: str, errors: dict[str, str]) -> object:
    """The value in the type of its shape; what is wrong with it goes into `errors`."""
    kind = shape.get("type", "string")
    if kind == "array":
        values = as_list(value)
        items: Shape = shape.get("items") or {}
        return [_verified(items, item, f"{path}[{number}]", errors) for number, item in enumerate(values)]
    text = _scalar(shape, value)
    problem = _type_problem(kind, text, value) or _text_problem(shape, text, path)
    if problem is not None:
        errors.setdefault(path, problem)
        return text
    return _typed(kind, text)


def _scalar(shape: Shape, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if is_list(value) and str(shape.get("format", "")).endswith("-list"):
        return ",".join(str(item) for item in value)
    return str(value)


def _type_problem(kind: str, text: str, value: Any) -> str | None:
    if is_list(value) and text == str(value):
        return f"type check ('{kind}') failed - got ARRAY"
    if is_object(value):
        return f"type check ('{kind}') failed - got HASH"
    good = {
        "boolean": text in {"0", "1"},
        "integer": _INTEGER.match(text) is not None,
        "number": _NUMBER.match(text) is not None,
    }.get(kind, True)
    return None if good else f"type check ('{kind}') failed - got '{text}'"


def _typed(kind: str, text: str) -> object:
    match kind:
        case "boolean" | "integer":
            return int(text)
        case "number":
            return float(text)
        case _:
            return text


def _text_problem(shape: Shape, text: str, path: str) -> str | None:
    try:
        check_format(shape.get("format"), text, path)
    except FormatError as error:
        return f"invalid format - {error}"
    pattern = shape.get("pattern")
    if pattern is not None and _compiled(pattern).search(text) is None:
        return "value does not match the regex pattern"
    return _length_problem(shape, text) or _limit_problem(shape, text) or _enum_problem(shape, text)


def _length_problem(shape: Shape, text: str) -> str | None:
    if len(text) > shape.get("maxLength", len(text)):
        return f"value may only be {shape['maxLength']} characters long"
    if len(text) < shape.get("minLength", 0):
        return f"value must be at least {shape['minLength']} characters long"
    return None


def _limit_problem(shape: Shape, text: str) -> str | None:
    if _NUMBER.match(text) is None:
        return None
    if "maximum" in shape and float(text) > shape["maximum"]:
        return f"value must have a maximum value of {shape['maximum']}"
    if "minimum" in shape and float(text) < shape["minimum"]:
        return f"value must have a minimum value of {shape['minimum']}"
    return None


def _enum_problem(shape: Shape, text: str) -> str | None:
    words: list[str] | None = shape.get("enum")
    if words is None or text in words:
        return None
    return f"value '{text}' does not have a value in the enumeration '{', '.join(words)}'"


def check_format(form: Any, text: str, path: str) -> None:
    """Hold a text against a format: a name, possibly with `-list` or `-opt`, or the shapes of a property string.

    Raises:
        FormatError: with the text that stands behind `invalid format - `.
    """
    if form is None:
        return
    shapes: Mapping[str, Shape] | None = form if is_object(form) else NAMED.get(form)
    if shapes is not None:
        found = parse_property_string(shapes, text, path)
        if form == "pve-vm-cpu-conf":
            _check_cpu(found)
        return
    name, _, way = str(form).rpartition("-")
    if way == "list":
        for item in re.split(r"[,;\s\0]+", text):
            if item:
                _named(name, item)
    elif way == "opt":
        _named(name, text)
    else:
        _named(str(form), text)


def _named(name: str, text: str) -> None:
    check = FORMATS.get(name)
    if check is not None and text:
        check(text)


def _check_cpu(found: Mapping[str, str]) -> None:
    model = found.get("cputype", "kvm64")
    if model.startswith("custom-"):
        raise FormatError(f"Custom cputype '{model.removeprefix('custom-')}' not found\n")
    if model not in CPU_TYPES:
        raise FormatError(f"Built-in cputype '{model}' is not defined (missing 'custom-' prefix?)\n")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A Perl pattern between ^ and $, exactly so: an alternation in it is not bracketed."""
    plain = _PERL_GROUP.sub(lambda found: f"(?{found[1].replace('u', '')}:", pattern)
    return re.compile(f"^{plain}$")
