"""Who is at the other end of the socket. The kernel says it, so nobody can pretend."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

_UCRED = struct.Struct("3i")


@dataclass(frozen=True)
class Peer:
    """The process that connected, as it was at that moment."""

    pid: int
    uid: int
    gid: int

    @property
    def name(self) -> str:
        """The name of its user; the bare number when it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"


class _Connection(Protocol):
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...


def peer_of(connection: _Connection) -> Peer:
    """Ask the kernel who connected."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return Peer(*_UCRED.unpack(raw))


def may_talk(peer: Peer, owner: int, group: int) -> bool:
    """Whether `peer` is root, the daemon's own user, or a member of the socket's group.

    The file's mode says the same; this holds even where somebody widened it.
    """
    if peer.uid in (0, owner) or peer.gid == group:
        return True
    try:
        user = pwd.getpwuid(peer.uid)
    except KeyError:
        return False
    return group in os.getgrouplist(user.pw_name, user.pw_gid)


def group_name(group: int) -> str:
    """The name of a group; its number when it has none."""
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
