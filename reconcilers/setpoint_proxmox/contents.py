"""What the nodes found out about the content of files on their storages, until that is remembered with each file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OTHER = re.compile(r"mismatch \(got '(?P<digits>[0-9a-f]+)' != expect ")
"""How a node tells the checksum of a file that is there and is not the expected one; one that it fetched is thrown away."""


@dataclass(frozen=True)
class Stamp:
    """By what a file is known again: bytes, and when it was made, seconds since the epoch."""

    size: int
    made: int


@dataclass(frozen=True)
class Place:
    """Where a file lies: the node that was asked, and its name."""

    node: str
    volume: str


@dataclass
class Contents:
    """Checksums, written `algorithm:digits`, that tasks of ours compared."""

    _asked: dict[str, tuple[Place, str]] = field(default_factory=dict[str, "tuple[Place, str]"])
    _found: dict[Place, tuple[Stamp | None, str]] = field(
        default_factory=dict[Place, "tuple[Stamp | None, str]"]
    )

    def asked(self, upid: str, place: Place, checksum: str) -> None:
        """A task began that compares the file with `checksum`."""
        self._asked[upid] = place, checksum

    def ended(self, upid: str, error: str) -> None:
        """That task has ended: the file has that content, or the one that the error tells."""
        place, checksum = self._asked.pop(upid, (None, ""))
        other = _OTHER.search(error)
        if place is None or (error and other is None):
            return
        if other is not None:
            checksum = f"{checksum.partition(':')[0]}:{other['digits']}"
        self._found[place] = None, checksum

    def of(self, place: Place, stamp: Stamp) -> str:
        """The checksum of the file; empty when it was not compared, or is another one since."""
        known, checksum = self._found.get(place, (None, ""))
        if known not in (None, stamp):
            del self._found[place]
            return ""
        if checksum:
            self._found[place] = stamp, checksum
        return checksum
