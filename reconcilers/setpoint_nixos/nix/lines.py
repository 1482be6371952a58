"""Lines of what a program prints, which comes in pieces and may never end a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 1 << 16
"""Bytes of a line; what is longer is cut, not awaited."""


@dataclass
class Lines:
    """Tells `heard` of every line once it is whole."""

    heard: Callable[[str], None] | None
    _rest: bytes = b""

    def take(self, chunk: bytes) -> None:
        """More of it."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            self._tell(line)
        self._rest = rest[:LONGEST]

    def end(self) -> None:
        """No more comes: the last line may lack its end."""
        rest, self._rest = self._rest, b""
        if rest:
            self._tell(rest)

    def _tell(self, line: bytes) -> None:
        if self.heard is not None:
            self.heard(line[:LONGEST].decode(errors="replace"))
