"""One writer: a lock on the state directory that the kernel gives back however its holder ends."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from setpoint.model.errors import StateError

NAME = "lock"


class StateInUseError(StateError):
    """Another process holds the state directory; it is alive, for the kernel gives the lock of a dead one back."""


class StateLock:
    """Held from `acquire` to `release`, or for the length of a `with`.

    The file stays when the lock is released: removing it would let two processes lock two files of one name.

    Args:
        directory: the state directory; made when missing.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock, without waiting.

        Raises:
            StateInUseError: another process holds it.
            StateError: the directory cannot be used.
        """
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(file, 32, 0).decode(errors="replace").strip()
            os.close(file)
            raise self._refusal(error, holder) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(
                f"the state directory {self._path.parent} cannot be used: {error.strerror}",
                remedy="give it to the user of the daemon, or set another one with state in the settings",
            ) from error

    def _refusal(self, error: OSError, holder: str) -> StateError:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return StateError(
                f"the state directory {self._path.parent} cannot be locked: {error.strerror}",
                remedy="keep it on a local file system",
            )
        return StateInUseError(
            f"the state directory {self._path.parent} is in use by {_describe(holder)}",
            remedy="stop that one first (systemctl stop setpoint), or choose another state directory",
        )


def holder(directory: Path) -> str:
    """Who holds a state directory now, as words; empty when nobody does. Nothing is made or written.

    Raises:
        OSError: the lock cannot be looked at.
    """
    try:
        file = os.open(directory / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        # Given back at once; a daemon that begins in just that moment is told that the directory is in use.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _describe(os.pread(file, 32, 0).decode(errors="replace").strip())
    finally:
        os.close(file)
    return ""


def _describe(holder: str) -> str:
    if not holder.isdecimal():
        return "another process"
    command = b""
    with suppress(OSError):
        command = Path(f"/proc/{holder}/cmdline").read_bytes()
    words = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return f"process {holder} ({words})" if words else f"process {holder}"
