"""A connection to a host, through others where that is the way. Nothing of this machine's own settings of SSH counts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import asyncssh

from setpoint.model.errors import TargetError
from setpoint_nixos.ssh.access import Access, private_key, public_key
from setpoint_nixos.ssh.failures import unreached
from setpoint_nixos.ssh.inside import ask
from setpoint_nixos.ssh.process import Process, tagged

_TYPES: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_FAREWELL: Final = 2.0
"""Seconds for a connection to end by itself."""


@dataclass(frozen=True)
class Patience:
    """How long what is waited for, in seconds.

    Attributes:
        connect: for each host on the way, from the first packet until it has let us in.
        answer: for a small thing on a connection that stands, such as the beginning of a command.
        keepalive: without a word from the host for that long it is asked whether it is there; three times in vain, and
            it is not.
    """

    connect: float = 15.0
    answer: float = 10.0
    keepalive: float = 10.0


class _Guard(asyncssh.SSHClient):
    """Lets exactly one host key pass, and keeps the other that was shown."""

    def __init__(self, declared: asyncssh.SSHKey) -> None:
        self._declared = declared
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(  # asyncssh names its arguments
        self,
        host: str,  # noqa: ARG002  # the link knows where it goes
        addr: str,  # noqa: ARG002
        port: int,  # noqa: ARG002
        key: asyncssh.SSHKey,
    ) -> bool:
        """Whether it is the declared one."""
        if key == self._declared:
            return True
        self.shown = key
        return False


@dataclass
class Link:
    """Connections that lead to a host, the last one to it.

    Attributes:
        used: whether a command was given over it yet.
        host_key: the key that the last host has to show, and shows.
    """

    hops: tuple[asyncssh.SSHClientConnection, ...]
    used: bool = False
    host_key: str = ""
    _cut: bool = False

    @property
    def open(self) -> bool:
        """Whether all of it stands, as far as was heard."""
        return not self._cut and not any(hop.is_closed() for hop in self.hops)

    async def begin(self, command: str) -> Process:
        """Begin a command for a POSIX shell, whatever shell the user has."""
        self.used = True
        return Process(await self.hops[-1].create_process(tagged(command), encoding=None))

    def abort(self) -> None:
        """End it at once, whatever runs over it."""
        self._cut = True  # what asyncssh itself says of it comes a moment later
        for hop in reversed(self.hops):
            hop.abort()

    async def close(self) -> None:
        """End it, the far end first; what does not end by itself is cut."""
        for hop in reversed(self.hops):
            hop.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await hop.wait_closed()
        self.abort()


async def connect(access: Access, patience: Patience) -> Link:
    """Go the way, host by host.

    Raises:
        TransportError: one of them was not reached.
        RefusalError: one shows another host key, or refuses ours.
    """
    link = Link(())
    try:
        for hop in access.way():
            link.host_key = hop.host_key or await ask(hop, link.hops[-1], patience.answer)
            pinned = replace(hop, host_key=link.host_key)
            link.hops = (*link.hops, await _enter(pinned, link.hops, patience))
    except (TargetError, asyncio.CancelledError):
        link.abort()
        raise
    return link


async def _enter(
    access: Access, before: tuple[asyncssh.SSHClientConnection, ...], patience: Patience
) -> asyncssh.SSHClientConnection:
    own = await asyncio.to_thread(private_key, access)
    declared = public_key(access.host_key)
    guard = _Guard(declared)
    first = [kind for kind in _TYPES if kind.encode() in declared.all_sig_algorithms]
    try:
        async with asyncio.timeout(patience.connect):
            return await asyncssh.connect(
                access.address,
                access.port,
                tunnel=before[-1] if before else None,
                username=access.user,
                client_factory=lambda: guard,
                client_keys=[own],
                preferred_auth="publickey",
                # Empty, and not None, which would let every host key pass.
                known_hosts=([], [], []),
                server_host_key_algs=[*first, *(kind for kind in _TYPES if kind not in first)],
                # Half as fast again in our process as what OpenSSH would choose; systems are copied over it.
                encryption_algs="^aes128-gcm@openssh.com",
                keepalive_interval=patience.keepalive,
                config=None,
                agent_path=None,
                gss_host=None,
            )
    except (OSError, TimeoutError, asyncssh.Error) as error:
        own_line = own.export_public_key().decode().strip()
        raise unreached(error, access, shown=guard.shown, own=own_line) from error
