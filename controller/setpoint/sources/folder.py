"""Looks at and reads a folder of this host. Blocks, so it runs in a thread; a file that vanishes is only a change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setpoint.desired.files import is_declaration
from setpoint.model.errors import SourceError
from setpoint.model.inventory import PREFIX
from setpoint.sources.tree import reserved


@dataclass(frozen=True)
class Stamp:
    """What tells one writing of a file from the next."""

    size: int
    written: int
    changed: int
    inode: int


@dataclass(frozen=True)
class Look:
    """What a folder holds at one moment; paths are relative to it."""

    stamps: Mapping[str, Stamp]
    notes: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes by path."""
        return {path: stamp.size for path, stamp in self.stamps.items()}


def look(root: Path) -> Look:
    """Every declaration below `root`, not yet read.

    Raises:
        SourceError: there is no such folder, or a part of it is closed to us.
    """
    stamps: dict[str, Stamp] = {}
    notes: list[str] = []
    try:
        inside = root.resolve(strict=True)
        for path in _walk(root):
            name = _name(root, path)
            if name.startswith(PREFIX):
                notes.append(reserved(name))
                continue
            found = _stamp(path, inside)
            if isinstance(found, Stamp):
                stamps[name] = found
            elif found:
                notes.append(f"{name} is {found} and not read")
    except OSError as error:
        raise _refusal(root, error) from error
    return Look(dict(sorted(stamps.items())), tuple(sorted(notes)))


def read_all(root: Path, seen: Look) -> dict[str, bytes] | None:
    """The content of every file that was seen; None when one is gone already.

    Raises:
        SourceError: one is closed to us.
    """
    try:
        return {name: (root / name).read_bytes() for name in seen.stamps}
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(root, error) from error


def _walk(root: Path) -> Iterator[Path]:
    """Files that may declare something, and links to folders, which are not entered."""

    def pass_on(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) or not root.exists():
            raise error

    for folder, folders, files in os.walk(root, onerror=pass_on):
        here = Path(folder)
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (here / name for name in files if is_declaration(name))
        yield from (here / name for name in folders if (here / name).is_symlink())


def _stamp(path: Path, inside: Path) -> Stamp | str:
    """The stamp of a file, else what it is; empty when it is gone already."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            target = path.resolve()
            if not target.is_relative_to(inside):
                return "a symbolic link that leaves the folder"
            if target.is_dir():
                return "a symbolic link to a folder"
            found = target.stat()
    except FileNotFoundError:
        return "a symbolic link to nothing" if path.is_symlink() else ""
    if not stat.S_ISREG(found.st_mode):
        return "no ordinary file"
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _name(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise SourceError(
            f"{root} has a file whose name is not UTF-8: {os.fsencode(name)!r}", remedy="rename it"
        ) from None
    return name


def _refusal(root: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{error.filename or root} cannot be read: {error.strerror}",
        remedy="make it readable for the user of the daemon, or correct source.directory.path in the settings",
    )
