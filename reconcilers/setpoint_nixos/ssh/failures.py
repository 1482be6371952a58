"""Every way in which SSH fails, and what it means in the engine's tree of errors."""

from __future__ import annotations

import os

import asyncssh
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED

from setpoint.model.errors import OutcomeUnknownError, RefusalError, TargetError, TransportError
from setpoint.model.printable import brief
from setpoint_nixos.ssh.access import Access, public_key

_LONGEST = 160


class HostKeyError(RefusalError):
    """The host shows another key than the declared one: it was installed anew, or it is another host."""


def unreached(error: Exception, access: Access, *, shown: asyncssh.SSHKey | None, own: str) -> TargetError:
    """Why no connection came about: nothing was done.

    Args:
        access: the host that was to be entered.
        error: what asyncssh or the system raised.
        shown: the key that the host showed, where it was not the declared one.
        own: the public half of the key that was offered.
    """
    if shown is not None:
        return _stranger(access, shown)
    match error:
        case TimeoutError():
            return TransportError(f"{access} did not let anybody in within the time allowed for that")
        case asyncssh.PermissionDenied():
            return RefusalError(
                f"{access} refuses the key",
                remedy=f"let its user {access.user} be entered with this key, e.g. by "
                f"users.users.{access.user}.openssh.authorizedKeys.keys: {own}",
            )
        case asyncssh.KeyExchangeFailed():
            return RefusalError(
                f"{access} and Setpoint agree on no way to encrypt: {told(error)}",
                remedy="let its sshd offer a current algorithm",
            )
        case asyncssh.ChannelOpenError() if access.via is not None:
            return _no_passage(error, access, access.via)
        case _:
            return TransportError(f"{access} cannot be reached: {told(error)}")


def lost(error: Exception, access: Access, command: str, *, writes: bool) -> TargetError:
    """The connection ended while a command ran."""
    sentence = f"the connection to {access} was lost during '{brief(command, 80)}': {told(error)}"
    return OutcomeUnknownError(sentence) if writes else TransportError(sentence)


def told(error: Exception) -> str:
    """What an error says of itself."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # asyncio's own text is that of a call
    return brief(str(error) or type(error).__name__, _LONGEST)


def _stranger(access: Access, shown: asyncssh.SSHKey) -> HostKeyError:
    declared = public_key(access.host_key)
    return HostKeyError(
        f"{access} shows the host key {_named(shown)}, and declared is {_named(declared)}",
        remedy="if it was installed anew, compare with `ssh-keygen -lf` of its key on its own console and declare "
        "the new one; otherwise something else answers in its place",
    )


def _named(key: asyncssh.SSHKey) -> str:
    return f"{key.get_algorithm()} {key.get_fingerprint()}"


def _no_passage(error: asyncssh.ChannelOpenError, access: Access, via: Access) -> TargetError:
    if error.code == OPEN_ADMINISTRATIVELY_PROHIBITED:
        return RefusalError(
            f"{via} does not pass anybody on to {access}",
            remedy="set AllowTcpForwarding yes in its sshd, or PermitOpen for that place",
        )
    return TransportError(f"{access} cannot be reached from {via}: {told(error)}")
