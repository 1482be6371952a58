"""Where a declared value came from: a place in a file, an object of another system, or a default."""

from __future__ import annotations

from dataclasses import dataclass, field

from setpoint.model.printable import printable


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """A place that a person can open; lines and columns count from 1, 0 means the whole file.

    `path` is relative to the source's root (`vms/web01.yaml`), or a word such as `default`. `beside` is the other place
    that had a part in it, the template of a row or the row of a template; no part of what the place is.
    """

    path: str
    line: int = 0
    column: int = 0
    source: str = "git"
    beside: str = field(default="", compare=False)

    def __str__(self) -> str:
        path = printable(self.path)
        place = f"{path}:{self.line}:{self.column}" if self.line else path
        return f"{place} with {self.beside}" if self.beside else place


BUILTIN = Origin("default", source="built-in")
