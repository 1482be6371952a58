"""Where an inventory has a value from, for people: its sheet says so behind each line, and nobody can open a sheet."""

from __future__ import annotations

import re
from typing import Final

from setpoint.desired.files import inventory_of, is_sheet
from setpoint.desired.text import line_start
from setpoint.model.origin import Origin
from setpoint.model.printable import brief

_MARK: Final = " # "
_NAME: Final = re.compile(r"^ +name: +(?P<name>.*?) *(?: # .*)?$", re.MULTILINE)
_LONGEST: Final = 300


def remark(origin: Origin, content: bytes) -> str:
    """`stock machines/17 web01: ram 4096, read as MiB`; empty for what is no place in a sheet that says so.

    The first line of a sheet says which object it was made of, every other one what of that object became the value in it.

    Args:
        origin: a place.
        content: of the file in which it is.
    """
    if not is_sheet(origin.path):
        return ""
    text = content.decode(errors="replace")
    of, said = _behind(text, 1), _behind(text, origin.line) if origin.line > 1 else ""
    if not (of or said):
        return ""
    name = _NAME.search(text)
    words = (inventory_of(origin.path), of, name["name"].strip("\"'") if name is not None else "")
    who = " ".join(word for word in words if word)
    return brief(f"{who}: {said}" if said else who, _LONGEST)


def _behind(text: str, line: int) -> str:
    """The comment at the end of a line; it holds no such mark itself."""
    whole = text[line_start(text, line) :].partition("\n")[0]
    return whole.rpartition(_MARK)[2].strip() if _MARK in whole else ""
