"""What Nix tells while it works (`--log-format internal-json`), as events, and what they come to."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from setpoint.model.printable import brief
from setpoint_nixos.nix import read

_MARK: Final = "@nix "
_BUILD: Final = 105
_COPY: Final = 100
_COPIES: Final = 103
_BUILDS: Final = 104
_LINE: Final = 101
_PHASE_LINE: Final = 107
_PROGRESS: Final = 105
_ERROR: Final = 0
_NOT_LOCKED: Final = "not writing modified lock file"
_UNMATCHED: Final = "does not match any input"
_INPUT: Final = re.compile(r"^\s*• (?:Added|Updated) input '([^']+)'", re.MULTILINE)
_FETCHING: Final = re.compile(
    r"unable to (?:download|read)|HTTP error|ignoring (?:untrusted )?substitute|not signed by|lacks a (?:valid )?signature"
)
_LABEL: Final = re.compile(r"^\s*(?:(?:warning|error):\s*)+")
_KEPT_LINES: Final = 25
_LONGEST: Final = 400


@dataclass(frozen=True)
class Building:
    """A derivation is being built; `machine` is empty for this one."""

    drv: str
    machine: str = ""


@dataclass(frozen=True)
class Copying:
    """A path is on its way."""

    path: str


@dataclass(frozen=True)
class Line:
    """A builder said something."""

    drv: str
    text: str


@dataclass(frozen=True)
class Counted:
    """How far it is: `what` is `builds` or `copies`."""

    what: str
    done: int
    expected: int
    failed: int


@dataclass(frozen=True)
class Awaiting:
    """Nothing goes on yet: so many others have all the places for this sort of work."""

    work: str
    others: int


Event: TypeAlias = Awaiting | Building | Copying | Line | Counted


@dataclass
class Told:
    """Folds the lines of one program; each is either an event of Nix or plain text.

    Attributes:
        hear: is told of every event.
        errors: what Nix called an error, its cause alone where it tells that apart.
        unlocked: the inputs of a flake that its lock file does not fix as they were taken.
        unmatched: a flake has no input of a name by which it was given another.
    """

    hear: Callable[[Event], None] | None = None
    errors: list[str] = field(default_factory=list[str])
    unlocked: set[str] = field(default_factory=set[str])
    unmatched: bool = False
    _rest: deque[str] = field(default_factory=lambda: deque[str](maxlen=_KEPT_LINES))
    _log: deque[Line] = field(default_factory=lambda: deque[Line](maxlen=_KEPT_LINES))
    _about: dict[int, tuple[int, str]] = field(default_factory=dict[int, tuple[int, str]])

    def take(self, line: str) -> None:
        """One line of standard error."""
        if not line.startswith(_MARK):
            self._rest.append(line)
            return
        try:
            said: Any = json.loads(line[len(_MARK) :])
        except ValueError:
            self._rest.append(line)
            return
        if isinstance(said, dict):
            self._event(cast("dict[str, Any]", said))

    @property
    def cause(self) -> str:
        """Why it failed, in one line."""
        text = "\n".join(f"error: {error}" for error in self.errors) or "\n".join(self._rest)
        return read.cause(text)

    @property
    def complaint(self) -> str:
        """What it said last of a store that it could not fetch from; it goes on with others then, and may fail without a word."""
        lines = [line for text in self._rest for line in text.splitlines() if _FETCHING.search(line)]
        return brief(_LABEL.sub("", lines[-1]), _LONGEST) if lines else ""

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of the builder that spoke last: a failing one ends what is built."""
        last = self._log[-1].drv if self._log else ""
        return tuple(line.text for line in self._log if line.drv == last)

    def _event(self, said: dict[str, Any]) -> None:
        match said:
            case {"action": "msg", "level": int(level), "msg": str(message)}:
                self._message(level, said.get("raw_msg"), message)
            case {"action": "start", "type": int(sort), "id": int(number), **rest}:
                self._start(sort, number, [str(each) for each in _list(rest.get("fields"))])
            case {"action": "result", "type": int(sort), "id": int(number), **rest}:
                self._result(sort, number, _list(rest.get("fields")))
            case {"action": "stop", "id": int(number)}:
                self._about.pop(number, None)
            case _:
                pass

    def _message(self, level: int, raw: object, message: str) -> None:
        text = read.plain(raw if isinstance(raw, str) else message)
        if level == _ERROR and not text.startswith("(use '--show-trace'"):
            self.errors.append(text.removeprefix("error:").strip())
        else:
            self._rest.append(text)
            if _NOT_LOCKED in text:
                self.unlocked.update(_INPUT.findall(text))
            self.unmatched = self.unmatched or _UNMATCHED in text

    def _start(self, sort: int, number: int, texts: list[str]) -> None:
        self._about[number] = (sort, texts[0] if texts else "")
        if sort == _BUILD and texts:
            self._hear(Building(texts[0], texts[1] if len(texts) > 1 else ""))
        elif sort == _COPY and texts:
            self._hear(Copying(texts[0]))

    def _result(self, sort: int, number: int, fields: list[object]) -> None:
        about, name = self._about.get(number, (0, ""))
        if sort in (_LINE, _PHASE_LINE) and fields and isinstance(fields[0], str):
            line = Line(name, brief(read.plain(fields[0]), _LONGEST))
            self._log.append(line)
            self._hear(line)
        elif sort == _PROGRESS and about in (_BUILDS, _COPIES):
            numbers = [each for each in fields if isinstance(each, int)]
            if len(numbers) >= 4:  # noqa: PLR2004 - done, expected, running, failed
                what = "builds" if about == _BUILDS else "copies"
                self._hear(Counted(what, numbers[0], numbers[1], numbers[3]))

    def _hear(self, event: Event) -> None:
        if self.hear is not None:
            self.hear(event)


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
