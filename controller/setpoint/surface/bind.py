"""A Unix socket that appears at its path only when it is ready and closed to strangers."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from setpoint.model.errors import StateError

MODE = 0o660
LONGEST = 107
"""Bytes of a path that the kernel takes."""
_BACKLOG = 64
_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Listening:
    """A socket that takes connections at `path`; `inode` tells it from another one put there later."""

    socket: socket.socket
    path: Path
    inode: int
    group: int

    def remove(self) -> None:
        """Take the path away, unless another daemon has put its own there; connections made stay."""
        with suppress(OSError):
            if self.path.stat().st_ino == self.inode:
                self.path.unlink()


def bind_socket(path: Path) -> Listening:
    """Listen at `path`; one that nobody answers is replaced.

    Raises:
        StateError: somebody answers there, or the path cannot be used.
    """
    check_length(path)
    _refuse_taken(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh = _fresh(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        # Nobody can connect before listen(), so the mode is in place in time; the rename replaces a stale one.
        listener.bind(str(fresh))
        fresh.chmod(MODE)
        made = fresh.stat()
        fresh.rename(path)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        with suppress(OSError):
            fresh.unlink()
        raise StateError(
            f"the socket {path} cannot be made: {error.strerror}",
            remedy="give its folder to the user of the daemon, or set socket in the settings",
        ) from error
    listener.setblocking(False)
    return Listening(listener, path, made.st_ino, made.st_gid)


def check_length(path: Path) -> None:
    """Refuse a path that the kernel would cut.

    Raises:
        StateError: it is too long.
    """
    if max(len(os.fsencode(each)) for each in (path, _fresh(path))) > LONGEST:
        raise StateError(
            f"the path of the socket, {path}, is too long",
            remedy="set a shorter one with socket in the settings",
        )


def _fresh(path: Path) -> Path:
    """Where it is made; short, for the kernel's limit holds there as well."""
    return path.with_name(f".{os.getpid()}")


def _refuse_taken(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(kind):
        raise StateError(f"{path} is no socket", remedy="move it away, or set socket in the settings")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except OSError as error:
            raise StateError(
                f"the socket {path} cannot be tried: {error.strerror or 'it does not answer in time'}",
                remedy="stop the daemon that uses it, or set socket in the settings",
            ) from error
    raise StateError(
        f"a daemon answers at {path} already", remedy="stop that one first, or set socket in the settings"
    )
