"""SHA-256 of files of the host that Setpoint runs on, read once for as long as a file stays the same."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

_Version: TypeAlias = tuple[Path, int, int, int]
"""The real path, inode, size and time of a file; builds of Nix bear the same time, and lie at other paths."""


@dataclass
class Sums:
    """What was read; a file that is being read goes on being read when whoever asked has no more time."""

    _known: dict[_Version, asyncio.Future[str]] = field(default_factory=dict[_Version, "asyncio.Future[str]"])

    async def of(self, path: Path) -> str:
        """`sha256:…` of a file.

        Raises:
            OSError: it cannot be read.
        """
        version = _version(path)
        if version not in self._known:
            for older in [one for one in self._known if one[0] == version[0]]:
                del self._known[older]
            self._known[version] = asyncio.get_running_loop().run_in_executor(None, _sum, path)
        try:
            return await asyncio.shield(self._known[version])
        except OSError:
            self._known.pop(version, None)
            raise


def _version(path: Path) -> _Version:
    real = path.resolve()
    told = real.stat()
    return real, told.st_ino, told.st_size, told.st_mtime_ns


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
