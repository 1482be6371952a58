"""What of the estate one host's configuration is given: a tiny flake by its content, in the place of an input, without a commit."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from time import time
from typing import Final
from urllib.parse import quote

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json

INPUT: Final = "estate"
"""The input of a flake whose place is taken."""
_FLAKE: Final = "{ outputs = { self }: builtins.fromJSON (builtins.readFile ./slice.json); }\n"
_KEPT: Final = timedelta(days=30)
_MOMENT: Final = 1
"""When its files were written, as Nix is told: the same content is the same flake."""


@dataclass(frozen=True)
class Slice:
    """The slice of one host; `data` is what its declaration says, with what others publish put in.

    Attributes:
        estate: the name of the estate.
        name: of the resource, in `namespace`, with its `labels`.
    """

    estate: str
    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    data: Mapping[str, Json] = field(default_factory=dict[str, Json])

    @property
    def text(self) -> str:
        """Its canonical JSON: equal for equal slices, whatever the order in which they were written."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"

    @property
    def digest(self) -> str:
        """What it is known by."""
        return hashlib.sha256((_FLAKE + self.text).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Slices:
    """The slices that are in use, each in a folder by its digest; all can be made again."""

    folder: Path

    def place(self, wanted: Slice) -> str:
        """The slice as a flake that Nix takes; when it is not there it is written, and old ones are removed.

        Raises:
            RefusalError: the folder cannot be written.
        """
        place = self.folder / wanted.digest
        try:
            if not _is(place, wanted):
                self._write(place, wanted)
                self.prune(_KEPT)
            os.utime(place, (_MOMENT, _MOMENT))
        except OSError as error:
            raise RefusalError(
                f"the data of {wanted.name} cannot be written to {place}: {error.strerror}",
                remedy="see that the cache folder of the daemon has room, and belongs to it",
            ) from error
        # New Nix takes no path that leads over a symbolic link.
        return f"path:{quote(str(place.resolve()))}"

    def prune(self, older: timedelta) -> int:
        """Remove what nobody asked for in that time; how many."""
        limit, gone = time() - older.total_seconds(), 0
        for place in self.folder.glob("*"):
            with suppress(OSError):
                # Being asked for changes the inode, and leaves the time that Nix is told.
                if place.stat().st_ctime < limit:
                    rmtree(place)
                    gone += 1
        return gone

    def _write(self, place: Path, wanted: Slice) -> None:
        """Whole or not at all: a host that is evaluated meanwhile reads what another one needs as well."""
        half = place.with_name(f"{place.name}.{token_hex(4)}")
        half.mkdir(mode=0o700, parents=True)
        try:
            for name, text in _files(wanted).items():
                (half / name).write_text(text, encoding="utf-8")
                os.utime(half / name, (_MOMENT, _MOMENT))
            if place.exists() and not _is(place, wanted):
                rmtree(place)
            half.rename(place)
        except OSError:
            # Another process was faster with the same.
            if not _is(place, wanted):
                raise
        finally:
            rmtree(half, ignore_errors=True)


def _files(wanted: Slice) -> Mapping[str, str]:
    return {"flake.nix": _FLAKE, "slice.json": wanted.text}


def _is(place: Path, wanted: Slice) -> bool:
    """Whether it is there as it should be: a machine that lost power may have left empty files."""
    try:
        return all((place / name).read_text("utf-8") == text for name, text in _files(wanted).items())
    except (OSError, ValueError):
        return False
