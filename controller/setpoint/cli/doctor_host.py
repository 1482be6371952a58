"""What `doctor` checks on this host: the state directory, its disk and lock, and the clock."""

from __future__ import annotations

import asyncio
import errno
import os
import pwd
import shlex
import shutil
import stat
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from setpoint.model.examine import Check, Verdict
from setpoint.settings import Settings
from setpoint.store.lock import holder

LITTLE: Final = 500 << 20
"""Bytes of free disk below which is warned."""
TOO_LITTLE: Final = 50 << 20
"""Bytes of free disk below which the store may fail at any moment."""
_SECONDS = 5.0


def state_checks(settings: Settings) -> Iterator[Check]:
    """The state directory: whose it is, who else may write there, whether there is room, who uses it."""
    place = settings.state
    try:
        found = place.stat()
    except FileNotFoundError:
        yield _missing(place)
        return
    except OSError as error:
        yield Check("state", Verdict.WRONG, f"{place} cannot be looked at: {error.strerror}", _OWN)
        return
    yield _access(place, found)
    yield _room(place)
    yield _lock(place)


_OWN = "run doctor as the user of the daemon, or give the folder to that user"


def _missing(place: Path) -> Check:
    parent = next(folder for folder in place.absolute().parents if folder.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return Check("state", Verdict.OK, f"{place} is not there yet; the daemon will make it")
    return Check(
        "state",
        Verdict.WRONG,
        f"{place} is not there and {_user(os.geteuid())} may not make it",
        "run as root, for the user of the daemon",
        (f"install -d -m 0750 -o {_user(os.geteuid())} {shlex.quote(str(place))}",),
    )


def _access(place: Path, found: os.stat_result) -> Check:
    owner, me = _user(found.st_uid), _user(os.geteuid())
    if not stat.S_ISDIR(found.st_mode):
        return Check(
            "state", Verdict.WRONG, f"{place} is no folder", "name another one with state in the settings"
        )
    try:
        with TemporaryFile(dir=place) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        sentence = f"{place} cannot be written to by {me}: {error.strerror}"
        remedy = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else _OWN
        return Check("state", Verdict.WRONG, f"{sentence}; it belongs to {owner}", remedy)
    if found.st_mode & stat.S_IWOTH:
        return Check(
            "state",
            Verdict.WRONG,
            f"everybody may write to {place}",
            "run",
            (f"chmod o-w {shlex.quote(str(place))}",),
        )
    if found.st_uid != os.geteuid():
        return Check(
            "state",
            Verdict.WARNING,
            f"{place} belongs to {owner}, and this is {me}, who may be allowed more or less",
            "run",
            (f"sudo -u {owner} setpoint doctor",),
        )
    return Check("state", Verdict.OK, f"{place} can be written to, and belongs to {owner}")


def _room(place: Path) -> Check:
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check("disk", Verdict.WRONG, f"{place} cannot be measured: {error.strerror}", _OWN)
    return room_check(place, free)


def room_check(place: Path, free: int) -> Check:
    """What so many free bytes mean."""
    told = f"{free >> 20} MiB are free for {place}"
    if free < TOO_LITTLE:
        return Check(
            "disk", Verdict.WRONG, told, f"make room: the store needs at least {TOO_LITTLE >> 20} MiB"
        )
    if free < LITTLE:
        return Check(
            "disk", Verdict.WARNING, told, f"make room, for less than {LITTLE >> 20} MiB are soon gone"
        )
    return Check("disk", Verdict.OK, told)


def _lock(place: Path) -> Check:
    try:
        held = holder(place)
    except OSError as error:
        return Check("lock", Verdict.WARNING, f"who uses {place} cannot be seen: {error.strerror}", _OWN)
    return Check("lock", Verdict.OK, f"{place} is in use by {held}" if held else f"nobody uses {place} now")


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


async def clock_checks() -> AsyncGenerator[Check]:
    """Whether something keeps the clock right, where the system tells."""
    told = await _timedatectl()
    if told == "yes":
        yield Check("clock", Verdict.OK, "NTP keeps it right")
    elif told == "no":
        yield Check(
            "clock",
            Verdict.WARNING,
            "NTP does not keep it right",
            "run as root",
            ("timedatectl set-ntp true",),
        )


async def _timedatectl() -> str:
    """Whether the clock is synchronised, `yes` or `no`; empty when nobody tells."""
    program = shutil.which("timedatectl")
    if program is None:
        return ""
    process = await asyncio.create_subprocess_exec(
        program, "show", "--property=NTPSynchronized", "--value",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return ""
    return output.decode(errors="replace").strip()
