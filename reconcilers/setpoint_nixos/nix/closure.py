"""What two systems differ in, as a person reads it: rows of packages, from the text of `nix store diff-closures`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from setpoint_nixos.nix.read import plain

_ROW: Final = re.compile(r"(?P<name>[^\s:]+): (?P<rest>.+)")
_SIZE: Final = re.compile(r"(?P<number>[+-]?\d+(?:\.\d+)?) (?P<unit>bytes|B|KiB|MiB|GiB|TiB)")
_UNITS: Final = {"bytes": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_NONE: Final = "∅"
_UNNAMED: Final = "ε"


@dataclass(frozen=True)
class Row:
    """A package that changed.

    Attributes:
        before: its versions, empty texts for those without one; none when it was not there.
        after: the same of what follows; none when it is gone.
        size: bytes that it grew by, as exactly as Nix tells; 0 when that is not worth telling.
    """

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        return ", ".join(part for part in (self._versions(), self._grown()) if part)

    def _versions(self) -> str:
        if self.before == self.after:
            return self.name
        if not self.before or not self.after:
            known = [version for version in self.before or self.after if version]
            return " ".join((self.name, *known, "is new" if self.after else "is gone"))
        before, after = (
            ", ".join(each or "without version" for each in side) for side in (self.before, self.after)
        )
        return f"{self.name} {before} → {after}"

    def _grown(self) -> str:
        return f"{self.size / (1 << 20):+.1f} MiB" if self.size else ""


def rows(text: str) -> tuple[Row, ...]:
    """Every line that tells of a package, in Nix's order; changes of mere configuration are in none."""
    return tuple(row for row in map(_row, plain(text).splitlines()) if row is not None)


def _row(line: str) -> Row | None:
    match = _ROW.fullmatch(line.strip())
    if match is None:
        return None
    left, arrow, right = match["rest"].partition(" → ")
    # Versions have no blanks, and the size stands last in every shape.
    size = _SIZE.search(match["rest"].rpartition(", ")[2] if arrow else match["rest"])
    if not arrow:
        return Row(match["name"], (), (), _bytes(size)) if size is not None else None
    if size is not None:
        right = right.rpartition(", ")[0]
    return Row(match["name"], _versions(left), _versions(right), _bytes(size))


def _versions(text: str) -> tuple[str, ...]:
    if text == _NONE:
        return ()
    return tuple("" if version == _UNNAMED else version for version in text.split(", "))


def _bytes(size: re.Match[str] | None) -> int:
    return 0 if size is None else round(float(size["number"]) * _UNITS[size["unit"]])
