"""What systemd is told over its socket (sd_notify(3)): ready, status, stopping, and that the daemon lives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog

from setpoint.run.supervisor import Supervisor
from setpoint.surface.health import alive, summary

PERIOD: Final = 5.0
"""Seconds between two looks at the status, and between two signs of life at most."""
_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_log = structlog.stdlib.get_logger("setpoint.notify")


@dataclass(frozen=True)
class Notifier:
    """Sends to systemd; says nothing where no systemd listens.

    Attributes:
        address: of the socket; an abstract one begins with a zero byte; empty for none.
        watchdog: seconds within which systemd wants a sign of life; None when it wants none.
    """

    address: str = ""
    watchdog: float | None = None

    def tell(self, **news: str | int) -> None:
        """Send `NAME=value` for each; one that cannot be sent is lost, for the daemon's work goes on without."""
        if not self.address:
            return
        # One line each: a line end would begin another variable.
        lines = (f"{name}={' '.join(str(value).splitlines())}" for name, value in news.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            try:
                sender.connect(self.address)
                sender.send("\n".join(lines).encode())
            except OSError as error:
                _log.warning("systemd_not_told", problem=str(error))


def take_notifier(env: MutableMapping[str, str]) -> Notifier:
    """The notifier that the environment asks for; the variables go, for they are not meant for the programs we start."""
    address, usec, pid = (env.pop(name, "") for name in _VARIABLES)
    if not address.startswith(("/", "@")):
        return Notifier()
    wanted = usec.isdecimal() and int(usec) > 0 and pid in ("", str(os.getpid()))
    return Notifier(
        address.replace("@", "\0", 1) if address[0] == "@" else address, int(usec) / 1e6 if wanted else None
    )


@asynccontextmanager
async def keeping_told(notifier: Notifier, supervisor: Supervisor) -> AsyncGenerator[Callable[[], None]]:
    """Keep systemd informed for the length of the block; what is given is to be called once the daemon is ready."""
    telling = asyncio.create_task(_tell(notifier, supervisor), name="tell-systemd")
    try:
        yield lambda: notifier.tell(READY=1, STATUS=summary(supervisor))
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell(notifier: Notifier, supervisor: Supervisor) -> None:
    """The status whenever it changed; a sign of life while the loop turns, which this task shows, and the workers live."""
    before = ""
    period = min(PERIOD, notifier.watchdog / 2) if notifier.watchdog else PERIOD
    while notifier.address:
        verdict = alive(supervisor)
        status = summary(supervisor) if verdict.well else verdict.sentence
        if status != before:
            notifier.tell(STATUS=status)
            before = status
        if notifier.watchdog and verdict.well:
            notifier.tell(WATCHDOG=1)
        await asyncio.sleep(period)
