"""What a guard is told to do, as values that cannot break out of a command line or a line of JSON."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

_SYSTEM: Final = re.compile(r"/nix/store/[a-z0-9]{32}-[A-Za-z0-9+._?=-]+")
_WORD: Final = re.compile(r"[A-Za-z0-9@:._/+-]*")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9@._+-]")
_UNIT: Final = re.compile(r"[A-Za-z0-9@:._\\-]+")


class Mode(StrEnum):
    """How a system comes into force."""

    SWITCH = "switch"
    """At once, and at every boot from then on."""
    BOOT = "boot"
    """At the next boot, and not before."""
    TEST = "test"
    """At once, until the next boot."""


@dataclass(frozen=True)
class Order:
    """One activation.

    Attributes:
        system: path of the system in the store of the host, where it is already.
        attempt: counts those of the same system, from 0.
        confirm: how long the guard waits to be told that the system is well.
        activate: how long one activation may take.
        look: how often the guard looks.
        revision: of the declarations, for the record.
        by: who deploys, for the record.
        allowed: units that may fail.
    """

    system: str
    mode: Mode = Mode.SWITCH
    attempt: int = 0
    confirm: timedelta = timedelta(minutes=2)
    activate: timedelta = timedelta(minutes=20)
    look: timedelta = timedelta(seconds=1)
    revision: str = ""
    by: str = ""
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _SYSTEM.fullmatch(self.system):
            raise ValueError(f"{self.system!r} is no path of a system; it begins with /nix/store/ and a hash")
        for word in (self.revision, self.by):
            if not _WORD.fullmatch(word):
                raise ValueError(f"{word!r} has characters that a guard does not take")
        for unit in self.allowed:
            if not _UNIT.fullmatch(unit):
                raise ValueError(f"{unit!r} is no name of a unit, as nginx.service is one")

    @property
    def token(self) -> str:
        """Names this activation; the same for the same system, way and attempt, whoever asks."""
        return token_of(self.system, self.mode, self.attempt)

    def words(self) -> tuple[str, ...]:
        """The arguments of the guard, as guard.sh lists them."""
        return (
            self.token,
            self.system,
            self.mode.value,
            str(_seconds(self.confirm)),
            str(_seconds(self.activate)),
            f"{self.look.total_seconds():g}",
            self.revision,
            self.by,
            *self.allowed,
        )


def token_of(system: str, mode: Mode, attempt: int) -> str:
    """The token of an activation."""
    return hashlib.sha256(f"{system} {mode} {attempt}".encode()).hexdigest()[:32]


def by_order(estate: str, person: str) -> str:
    """Who deploys, as the record says: an estate by its declarations, or for a person who ordered it."""
    return f"{estate}:{_UNFIT.sub('-', person)}" if person else estate


def _seconds(time: timedelta) -> int:
    """Whole ones, and at least one: the clock of the guard counts no less."""
    return max(1, round(time.total_seconds()))
