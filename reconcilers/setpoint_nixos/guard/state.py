"""What a guard on a host tells of itself. A guard that is gone before its end is Interrupted, whatever it last wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from setpoint_nixos.guard.order import Mode

_VERSION: Final = 1


class Why(StrEnum):
    """What made a guard end as it did, or turn round."""

    ASKED = "asked"
    INHIBITED = "inhibited"
    INIT = "init"
    ACTIVATION = "activation"
    UNITS = "units"
    HUNG = "hung"
    UNCONFIRMED = "unconfirmed"
    UNHEALTHY = "unhealthy"
    KILLED = "killed"
    BOOT_LOADER = "boot-loader"
    CHECK = "check"
    BUSY = "busy"
    FULL = "full"
    ABSENT = "absent"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Preparing:
    """Nothing was changed yet."""


@dataclass(frozen=True)
class Activating:
    """The new system is being activated."""


@dataclass(frozen=True)
class Waiting:
    """The new system runs until the deadline, unless it is confirmed.

    Attributes:
        left: seconds until then.
        wrong: confirmations that were for something else.
    """

    left: int
    wrong: int = 0


@dataclass(frozen=True)
class Keeping:
    """It is being made what boots."""


@dataclass(frozen=True)
class Returning:
    """What ran before is being activated again."""

    why: Why


@dataclass(frozen=True)
class Kept:
    """It runs, and boots unless that was not asked for; `code` is 4 when units failed that may."""

    code: int = 0


@dataclass(frozen=True)
class Staged:
    """It boots next; what ran before runs until then."""

    why: Why


@dataclass(frozen=True)
class Refused:
    """It was not activated, and nothing is changed; `code` is the exit code behind that, 0 without one."""

    why: Why
    code: int = 0


@dataclass(frozen=True)
class Returned:
    """What ran before runs again; `code` is the exit code of the activation that failed."""

    why: Why
    code: int = 0


@dataclass(frozen=True)
class Stuck:
    """What ran before could not be activated again, with this exit code."""

    why: Why
    code: int


@dataclass(frozen=True)
class Left:
    """Somebody switched to something else while the guard waited, and that was left as it is."""


@dataclass(frozen=True)
class Interrupted:
    """The guard was ended, or its host restarted, before it came to an end; `phase` is the last that it wrote."""

    phase: str


Underway: TypeAlias = Preparing | Activating | Waiting | Keeping | Returning
Over: TypeAlias = Kept | Staged | Refused | Returned | Stuck | Left | Interrupted
Phase: TypeAlias = Underway | Over


@dataclass(frozen=True)
class Record:
    """What a host remembers of the last activation.

    Attributes:
        system: what was to be activated.
        previous: what ran before, and what the host returns to.
        profile: what would have booted before.
        began: seconds since the epoch; `ended` is 0 while it goes on.
        boot: the id of the boot in which it began.
    """

    token: str
    system: str
    mode: Mode
    phase: Phase
    previous: str = ""
    profile: str = ""
    revision: str = ""
    by: str = ""
    began: float = 0.0
    ended: float = 0.0
    boot: str = ""

    @property
    def rejected(self) -> bool:
        """Whether the system proved to be bad on this host, so that nobody but a person tries it again."""
        match self.phase:
            case Returned() | Stuck():
                return True
            case Refused(why):
                return why in {Why.CHECK, Why.BOOT_LOADER, Why.INIT}
            case _:
                return False


@dataclass(frozen=True)
class State:
    """A look at a host that may have a guard.

    Attributes:
        running: the path of the system that runs; empty when that is not to be seen.
        record: None when nothing was ever activated by a guard.
        log: the end of what the activation said.
    """

    boot: str
    running: str
    record: Record | None
    log: str = ""


def parse_state(text: str) -> State:
    """What status.sh prints.

    Raises:
        ValueError: it is something else.
    """
    head, mark, log = text.partition("\nlog\n")
    told = dict[str, str](
        (name, value) for name, _, value in (line.partition(" ") for line in head.splitlines())
    )
    if not mark or "alive" not in told or not told.get("uptime", "").isdigit():
        raise ValueError("the host does not tell the state of its guard")
    record = told.get("record", "")
    found = (
        parse_record(
            record, boot=told.get("boot", ""), uptime=int(told["uptime"]), alive=told["alive"] == "yes"
        )
        if record
        else None
    )
    return State(told.get("boot", ""), told.get("running", ""), found, log)


def parse_record(text: str, *, boot: str, uptime: int, alive: bool) -> Record:
    """The line of JSON that a guard writes.

    Args:
        text: the line.
        boot: the id of the boot in which the host is now.
        uptime: seconds that it is up.
        alive: whether the guard that wrote it is still there.

    Raises:
        ValueError: a guard of another version wrote it, or something else did.
    """
    try:
        raw = json.loads(text)
    except RecursionError as error:
        raise ValueError("the record of the last deploy is none") from error
    if not isinstance(raw, dict) or raw.get("version") != _VERSION:  # pyright: ignore[reportUnknownMemberType]
        raise ValueError("the record of the last deploy is of a version that is not known here")
    told = _Told({str(name): value for name, value in raw.items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    began_in = told.text("boot")
    return Record(
        token=told.text("token"),
        system=told.text("system"),
        mode=Mode(told.text("mode")),
        phase=_phase(told, uptime, alive=alive and began_in == boot),
        previous=told.text("previous"),
        profile=told.text("profile"),
        revision=told.text("revision"),
        by=told.text("by"),
        began=told.number("began"),
        ended=told.number("ended"),
        boot=began_in,
    )


@dataclass(frozen=True)
class _Told:
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str):
            raise ValueError(f"the record of the last deploy has no {name}")  # noqa: TRY004  # one error for all of it
        return value

    def number(self, name: str) -> int:
        value = self.raw.get(name)
        if not isinstance(value, int):
            raise ValueError(f"the record of the last deploy has no {name}")  # noqa: TRY004  # as above
        return value


def _phase(told: _Told, uptime: int, *, alive: bool) -> Phase:
    name = told.text("phase")
    if name in _UNDERWAY:
        return _underway(name, told, uptime) if alive else Interrupted(name)
    return _over(name, told)


def _underway(name: str, told: _Told, uptime: int) -> Phase:
    match name:
        case "waiting":
            return Waiting(max(0, told.number("deadline") - uptime), told.number("wrong"))
        case "returning":
            return Returning(Why(told.text("why")))
        case "keeping":
            return Keeping()
        case "activating":
            return Activating()
        case _:
            return Preparing()


def _over(name: str, told: _Told) -> Phase:
    code = told.number("code")
    match name:
        case "kept":
            return Kept(code)
        case "staged":
            return Staged(Why(told.text("why")))
        case "refused":
            return Refused(Why(told.text("why")), code)
        case "returned":
            return Returned(Why(told.text("why")), code)
        case "stuck":
            return Stuck(Why(told.text("why")), code)
        case "left":
            return Left()
        case _:
            raise ValueError(f"the record of the last deploy has a phase {name!r} that is not known here")


_UNDERWAY: Final = frozenset({"starting", "checking", "activating", "waiting", "keeping", "returning"})
