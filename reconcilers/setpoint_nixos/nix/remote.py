"""A host as Nix sees it: commands there, as the user who may do it. Its neighbour `ssh` tells how they get there."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from setpoint.model.errors import OutcomeUnknownError, TransportError
from setpoint_nixos.nix.commands import Command
from setpoint_nixos.nix.failures import OverdueError
from setpoint_nixos.nix.lines import Lines
from setpoint_nixos.nix.run import Bounds, Ended
from setpoint_nixos.ssh.access import Access

_KEPT: Final = 1 << 18
_AGAIN: Final = "it is done again, and what was done already is not done twice"


class Stream(Protocol):
    """A command that runs, with its streams; `ssh.channel.Channel` is one."""

    @property
    def err(self) -> bytes:
        """The end of what it complained of so far."""
        ...

    async def read(self, size: int = ...) -> bytes:
        """The next bytes that it printed; empty at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Give it bytes, as fast as it takes them."""
        ...

    def end(self) -> None:
        """Tell it that nothing more comes."""
        ...

    async def wait(self) -> int:
        """Its exit status."""
        ...


class Commands(Protocol):
    """What starts commands on a host; `ssh.session.Session` is one."""

    def open(self, command: str) -> AbstractAsyncContextManager[Stream]:
        """Run a command for as long as the block lasts."""
        ...


@dataclass(frozen=True)
class Remote:
    """A host with Nix.

    Attributes:
        name: for messages.
        session: the way to it.
        elevate: what a command begins with to be run as root, e.g. `sudo -n`; empty for one who is, and for one whose
            paths have to be signed.
        client: how the OpenSSH client gets to its store, in the place of the bridge; None for the bridge.
        links: the folder for links that keep paths; one below the home of a user who is not root.
    """

    name: str
    session: Commands
    elevate: Command = ()
    links: str = "/nix/var/nix/gcroots"
    client: Access | None = None

    def line(self, command: Command) -> str:
        """The command as the user's shell takes it."""
        return shlex.join((*self.elevate, *command))

    async def run(
        self, command: Command, bounds: Bounds, *, heard: Callable[[str], None] | None = None
    ) -> Ended:
        """Run what may be repeated; `heard` is told every line as it comes, of its output too.

        Raises:
            TransportError: it was not begun, or its end was not seen in time.
            RefusalError: the host does not let us in.
        """
        kept, lines = bytearray(), Lines(heard)
        try:
            async with (
                asyncio.timeout(bounds.time.total_seconds()),
                self.session.open(f"{self.line(command)} 2>&1") as stream,
            ):
                stream.end()
                while chunk := await stream.read():
                    kept += chunk
                    del kept[:-_KEPT]
                    lines.take(chunk)
                status = await stream.wait()
        except OutcomeUnknownError as error:
            raise TransportError(error.message, remedy=_AGAIN, scope=error.scope) from error
        except TimeoutError:
            what = " ".join(command[:2])
            raise OverdueError(
                f"{what} on {self.name} did not end within {bounds.time} and was stopped",
                remedy="see what the host is busy with",
            ) from None
        lines.end()
        return Ended(status, kept.decode(errors="replace"), "")
