"""The commands that a guard is started, watched and answered with; each is one call, and may be repeated without harm."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from setpoint.model.errors import BusyError, RefusalError
from setpoint_nixos.guard.order import Order
from setpoint_nixos.guard.state import State, parse_state
from setpoint_nixos.ssh.session import Completed, Session

_HERE: Final = Path(__file__).parent
_GUARD: Final = (_HERE / "guard.sh").read_bytes()
_STATUS: Final = (_HERE / "status.sh").read_bytes()
_BUSY: Final = 75
_TIME: Final = 30.0
"""Seconds for one of them; the start alone waits, up to twelve."""


async def start(session: Session, order: Order) -> None:
    """Have a guard begin; one that was begun with the same token goes on, or stays as it ended.

    Raises:
        BusyError: another guard is at work on the host.
        RefusalError: the host cannot run one.
    """
    place = f"/run/setpoint/guard-{order.token}"
    words = shlex.join(("/bin/sh", place, "start", *order.words()))
    # What runs reads on in its file, so a new one takes its place and never its content.
    command = f"mkdir -p /run/setpoint && cat >{place}.$$ && mv -f {place}.$$ {place} && exec {words}"
    done = await session.run(as_root(session, command), stdin=_GUARD, timeout=_TIME, writes=True)
    if done.status == _BUSY:
        raise BusyError(
            f"another deploy is at work on {session.access}",
            remedy="wait for its end, or see by /run/setpoint/status.json there whose it is",
        )
    _expect(done, session, "does not start the guard of a deploy")


async def look(session: Session) -> State:
    """The state of the guard, and of what runs.

    Raises:
        RefusalError: the host does not tell.
    """
    done = await session.run("/bin/sh -s", stdin=_STATUS, timeout=_TIME)
    try:
        return parse_state(done.out.decode(errors="replace"))
    except ValueError as error:
        raise RefusalError(f"{session.access} does not tell of its last deploy: {error}") from error


async def confirm(session: Session, token: str, system: str) -> bool:
    """Tell the guard that its system is well; False when the host runs something else, and nothing was told.

    The session is to be a fresh one: what it takes to come in is the first thing that has to be well.
    """
    word = shlex.quote(f"{token} {system}")
    place = f"/run/setpoint/confirm-{token}"
    command = (
        f'[ "$(readlink -f /run/current-system)" = {shlex.quote(system)} ] || exit 3; '
        f"echo {word} >{place}.$$ && mv -f {place}.$$ {place}"
    )
    done = await session.run(as_root(session, command), timeout=_TIME, writes=True)
    if done.status == _ELSEWHERE:
        return False
    _expect(done, session, "does not take the confirmation of a deploy")
    return True


async def abandon(session: Session, token: str) -> None:
    """Tell the guard that its system is not well; it goes back at once."""
    command = f": >/run/setpoint/abandon-{token}"
    done = await session.run(as_root(session, command), timeout=_TIME, writes=True)
    _expect(done, session, "does not take back a deploy")


_ELSEWHERE: Final = 3


def as_root(session: Session, command: str) -> str:
    """The command for the user of the session; others than root need a rule of sudo that asks for no password."""
    inner = f"exec /bin/sh -c {shlex.quote(command)}"
    return inner if session.access.user == "root" else f"sudo -n /bin/sh -c {shlex.quote(command)}"


def _expect(done: Completed, session: Session, what: str) -> None:
    if done.status != 0:
        words = done.err.decode(errors="replace").strip()[-300:] or f"exit code {done.status}"
        raise RefusalError(
            f"{session.access} {what}: {words}", remedy="let its user be root, or become root by sudo -n"
        )
