"""The words of the script, part by part, and how numbers and JSON are read out of them without trust."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Known

T = TypeVar("T")
NOTHING: Final = 44
"""The status by which a part tells that there is no such file."""
NO_PROGRAM: Final = 45
"""The status by which a part tells that the host has nothing of that make."""
_KILLED: Final = 137
_MISSING: Final = 127
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


class RubbishError(Exception):
    """A part says what it cannot mean; the sentence says what was looked for."""


@dataclass(frozen=True)
class Part:
    """What one part printed, and the status with which it ended."""

    text: str
    status: int

    @property
    def lines(self) -> list[str]:
        """Its lines that say anything."""
        return [line for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Parts:
    """All parts of one look, by name; only such as were told to their end."""

    whole: bool
    parts: Mapping[str, Part]

    def read(self, name: str, how: Callable[[Part], T]) -> Known[T]:
        """What `how` makes of a part that ended well.

        Anything else is Unknown with the reason, and so is what `how` takes for rubbish.
        """
        part = self.parts.get(name)
        if part is None or part.status == _KILLED:
            return Unknown(f"'{name}' was not told to its end in time", passing=True)
        if part.status in {_MISSING, NO_PROGRAM}:
            return Unknown(f"the host lacks a program for '{name}'")
        if part.status:
            return Unknown(f"'{name}' ended with status {part.status}")
        try:
            return how(part)
        except RubbishError as error:
            return Unknown(f"'{name}' is not understood: {error}")

    def ended(self, name: str, status: int) -> bool:
        """Whether a part ended with that status."""
        part = self.parts.get(name)
        return part is not None and part.status == status


def split(text: str, mark: str) -> Parts:
    """The parts in the output of a script whose lines of its own bear `mark`."""
    parts: dict[str, Part] = {}
    pattern = re.compile(rf"^@{re.escape(mark)}(\.?) ([^\n]*)\n?", re.MULTILINE)
    name, begun, whole = "", 0, False
    for found in pattern.finditer(text):
        if found[1]:
            status = number(found[2])
            if name and status is not None:
                # The line end before the mark is the script's.
                parts[name] = Part(text[begun : max(begun, found.start() - 1)], status)
            name = ""
        else:
            name, begun = found[2], found.end()
            whole = whole or name == "end"
    return Parts(whole, parts)


def number(text: str) -> int | None:
    """The natural number that a text is; None when it is none of sensible length."""
    return int(text) if _NUMBER.fullmatch(text) else None


def natural(text: str) -> int:
    """As `number`. Raises RubbishError."""
    found = number(text)
    if found is None:
        raise RubbishError(f"'{text[:40]}' is no number")
    return found


def decimal(text: str) -> float:
    """The number that a text is, with a point or without. Raises RubbishError."""
    if not _DECIMAL.fullmatch(text):
        raise RubbishError(f"'{text[:40]}' is no number")
    return float(text)


def one_line(part: Part) -> str:
    """The only line of a part. Raises RubbishError."""
    lines = part.lines
    if len(lines) != 1:
        raise RubbishError(f"one line was looked for, and {len(lines)} found")
    return lines[0].strip()


def complete(part: Part, last: str = "all") -> list[str]:
    """The lines before the one by which a part tells that nothing was left out. Raises RubbishError."""
    lines = part.lines
    if not lines or lines[-1].strip() != last:
        raise RubbishError("its last line is missing")
    return lines[:-1]


def pairs(part: Part, separator: str) -> dict[str, str]:
    """The lines `name SEPARATOR value` of a part."""
    found = (line.partition(separator) for line in part.lines)
    return {name.strip(): value.strip() for name, between, value in found if between}


def wanted(given: Mapping[str, str], name: str) -> str:
    """A value that has to be there. Raises RubbishError."""
    value = given.get(name, "")
    if not value:
        raise RubbishError(f"it does not tell {name}")
    return value


def json_of(text: str) -> Any:
    """The value that a text of JSON says. Raises RubbishError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RubbishError("it is no JSON") from None


def mapping(value: object) -> Mapping[str, Any]:
    """A value of JSON as an object; an empty one when it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """A value of JSON as a list; an empty one when it is none."""
    return cast("list[Any]", value) if isinstance(value, list) else []  # type: ignore[redundant-cast]  # not for pyright


def word(value: object) -> str:
    """A value of JSON as text; empty when it is none."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """A value of JSON as a natural number; None when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
