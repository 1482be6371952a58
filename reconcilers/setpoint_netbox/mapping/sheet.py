"""A sheet: one declaration as YAML that the engine reads back to just what went in, each line with its origin behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import Final

from setpoint.desired.scalar import resolve
from setpoint.model.printable import brief
from setpoint.model.tree import Json
from setpoint_netbox.mapping.branch import Branch, Cell
from setpoint_netbox.mapping.trouble import TroubleError

_COLUMN: Final = 40
_LONGEST: Final = 500
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+-]*")
_ODD: Final = re.compile("[\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff\U000e0000-\U000e0fff]")
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
_LOST: Final = re.compile("[\0\ud800-\udfff]")


def written(document: Branch) -> bytes:
    """The document as a file.

    Raises:
        TroubleError: a text in it can be in no file.
    """
    return "".join(f"{line}\n" for line in _lines(document, "")).encode()


def _lines(branch: Branch, indent: str) -> Iterator[str]:
    for name, node in branch.items():
        key = f"{indent}{_text(name)}:"
        if isinstance(node, Cell):
            line = f"{key} {_flow(node.value)}"
            yield f"{line:<{_COLUMN - 2}}  # {remark(node.told)}"
        else:
            yield key
            yield from _lines(node, f"{indent}  ")


def remark(text: str) -> str:
    """A text as it can stand in a comment; it holds no `#`, so that the last one of a line begins it."""
    return brief(text.replace("#", ""), _LONGEST)


def _flow(value: Json) -> str:
    match value:
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{_text(name)}: {_flow(item)}' for name, item in value.items())}}}"
        case int() if not _SMALLEST <= value <= _LARGEST:
            raise TroubleError(f"{value} is larger than 64 bits can hold", "correct it in NetBox")
        case float() if not isfinite(value):
            raise TroubleError("a number is not finite", "correct it in NetBox")
        case _:
            return json.dumps(value)


@lru_cache(maxsize=1 << 13)
def _text(text: str) -> str:
    """Plain where the reader takes that for a text, else in double quotes."""
    return text if _PLAIN.fullmatch(text) and _is_text(text) else _quoted(text)


def _is_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False


def _quoted(text: str) -> str:
    if _LOST.search(text):
        raise TroubleError("a text holds a sign that no file can hold", "remove it in NetBox")
    return _ODD.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(sign: re.Match[str]) -> str:
    number = ord(sign[0])
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  # the widths of YAML
