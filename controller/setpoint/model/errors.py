"""The one tree of errors. Each carries what was tried, where, and what to do next.

SetpointError
├── DeclarationError     a person wrote something that cannot be (carries origin, field, remedy)
├── SettingsError        the daemon's own settings are wrong
├── SourceError          a source cannot be read, or what it gives cannot be trusted, as a whole
│   └── NotToldError     an inventory was not told how some of what it declares stands (model/standing.py)
├── StateError           the state directory is in use, or not usable
└── TargetError          what a target answered, or failed to answer
    ├── TransportError   it never reached the target: not executed; the only one that feeds breakers
    │   ├── DownError    not even tried: its breaker is open, and the target tells of it
    │   └── AwaitedError not even tried: how it is reached is not published yet by another resource
    ├── RefusalError     the target understood and said no
    │   └── BusyError    not now: a lock, or too much to do; nothing was done, and the same call may work soon
    ├── ConflictError    the world moved between observe and act: observe afresh
    └── OutcomeUnknownError   it may have been executed: read back, never repeat
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint.model.printable import brief

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint.model.key import Key
    from setpoint.model.origin import Origin
    from setpoint.model.tree import Pointer

_LONGEST = 600
"""Characters of each part of a mistake: a value may be a megabyte, and is quoted."""


class SetpointError(Exception):
    """Anything that Setpoint itself raises.

    Args:
        message: one sentence that a person can act on.
        remedy: what would be right, or the command to run; empty when the message says it.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class SettingsError(SetpointError):
    """The settings file, an option or an environment variable is wrong."""


class SourceError(SetpointError):
    """A source as a whole cannot be used; what was declared before stays in force."""


class StateError(SetpointError):
    """The state directory is held by another process, or not usable."""


class TargetError(SetpointError):
    """A target answered badly, or not at all; `scope` names the part concerned, e.g. `node/pve1`."""

    def __init__(self, message: str, *, remedy: str = "", scope: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.scope = scope


class TransportError(TargetError):
    """The call was certainly not executed."""


class DownError(TransportError):
    """The call was not tried, for those before it did not arrive."""


class AwaitedError(TransportError):
    """The call was not tried: how the target is reached another resource, `on`, has to publish first.

    `known` is what others publish for it already, by its place in the spec.
    """

    def __init__(self, message: str, on: Key, known: Mapping[Pointer, str]) -> None:
        super().__init__(message)
        self.on = on
        self.known = known


class RefusalError(TargetError):
    """The target understood the call and refused it."""


class BusyError(RefusalError):
    """The target refused for now. Looking afresh at once would only turn in circles, and it is not down either."""


class ConflictError(TargetError):
    """The object changed since it was observed."""


class OutcomeUnknownError(TargetError):
    """The call may or may not have been executed."""


@dataclass(frozen=True)
class DeclarationProblem:
    """One mistake in a declaration: `origin: field: what; remedy`."""

    origin: Origin
    what: str
    remedy: str = ""
    field: str = ""

    def __post_init__(self) -> None:
        for name in ("what", "remedy", "field"):
            object.__setattr__(self, name, brief(getattr(self, name), _LONGEST))

    def __str__(self) -> str:
        place = f"{self.origin}: {self.field}" if self.field else str(self.origin)
        return f"{place}: {self.what}; {self.remedy}" if self.remedy else f"{place}: {self.what}"


@dataclass
class DeclarationError(SetpointError):
    """Raised inside the compiler only; problems are collected, all of a commit at once."""

    problems: tuple[DeclarationProblem, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        super().__init__("\n".join(str(problem) for problem in self.problems))
