"""Who is at the other end of the socket. The kernel says it, so nobody can pretend."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Final, Protocol

_UCRED = struct.Struct("3i")
_SO_PEERGROUPS: Final = 59
_LONGEST: Final = 1024
"""Bytes that Python takes for an option: 256 groups."""


@dataclass(frozen=True)
class Peer:
    """The process that connected, as it was at that moment; `groups` are those beside `gid`."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The name of its user; the bare number when it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"

    def belongs(self, group: int) -> bool:
        """Whether it is in a group."""
        return group == self.gid or group in self.groups


class _Connection(Protocol):
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...


def peer_of(connection: _Connection) -> Peer:
    """Ask the kernel who connected."""
    pid, uid, gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _LONGEST)
    except OSError:  # More of them than fit.
        return Peer(pid, uid, gid, _registered(uid))
    return Peer(pid, uid, gid, struct.unpack(f"{len(raw) // 4}I", raw))


def group_name(group: int) -> str:
    """The name of a group; its number when it has none."""
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def _registered(uid: int) -> tuple[int, ...]:
    """The groups of a user by the database of users."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return ()
    return tuple(os.getgrouplist(user.pw_name, user.pw_gid))
