"""What a plain scalar means in YAML 1.2, minus its last trap: a number with a leading zero is text."""

from __future__ import annotations

import math
import re

from setpoint.model.tree import Scalar

_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SMALLEST, _LARGEST, _MOST_DIGITS = -(1 << 63), (1 << 64) - 1, 24


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar: `no`, `0755`, `1_000` and `52:54:00:12:34:56` are text.

    Raises:
        ValueError: a number that 64 bits cannot hold, or that is not finite.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        return _bounded(text, 10)
    if _BASED.fullmatch(text):
        return _bounded(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no finite number")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError("this number is larger than 64 bits can hold")
        return number
    return text


def _bounded(text: str, base: int) -> int:
    if len(text) > _MOST_DIGITS or not _SMALLEST <= (number := int(text, base)) <= _LARGEST:
        raise ValueError("this number is larger than 64 bits can hold")
    return number
