"""The host key of a container, as its node reads it out of it: no other way leads to a container before it is entered."""

from __future__ import annotations

import asyncio
import shlex
from typing import Final

import asyncssh

from setpoint.model.errors import RefusalError, TransportError
from setpoint.model.printable import brief
from setpoint_nixos.ssh.access import Access, public_key
from setpoint_nixos.ssh.failures import told

_FILE: Final = "/etc/ssh/ssh_host_ed25519_key.pub"
_READ: Final = f'IFS= read -r key < {_FILE} && printf "%.800s\\n" "$key"'
"""By what a shell has in itself: NixOS has nothing else where others look for programs."""


async def ask(access: Access, node: asyncssh.SSHClientConnection, patience: float) -> str:
    """The public key of a container, told by the node that it is on.

    Raises:
        TransportError: the node was lost.
        RefusalError: it cannot tell.
    """
    try:
        async with asyncio.timeout(patience):
            done = await node.run(_command(access), check=False, encoding=None)
    except (OSError, TimeoutError, asyncssh.Error) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else told(error)
        raise TransportError(f"{access.via} was lost while it read a host key: {why}") from error
    text = _text(done.stdout)
    why = _fault(text) if not done.exit_status else _text(done.stderr) or f"status {done.exit_status}"
    if why:
        raise RefusalError(
            f"{access.via} cannot read the host key of container {access.container}: {brief(why, 200)}",
            remedy=f"let it run on that node with an sshd that has made {_FILE}, or declare its hostKey",
        )
    return " ".join(text.split()[:2])


def _fault(text: str) -> str:
    try:
        public_key(text)
    except ValueError as error:
        return str(error)
    return ""


def _text(said: bytes | str | None) -> str:
    return said.decode("utf-8", "replace").strip() if isinstance(said, bytes) else ""


def _command(access: Access) -> str:
    reading = shlex.join(("pct", "exec", access.container, "--", "/bin/sh", "-c", _READ))
    root = access.via is None or access.via.user == "root"
    command = f"PATH=$PATH:/usr/sbin:/sbin exec {'' if root else 'sudo -n '}{reading}"
    return f"exec /bin/sh -c {shlex.quote(command)}"
