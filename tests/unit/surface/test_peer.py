"""Who is at the other end of a socket, by the kernel and the real user database of this host."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct

from setpoint.surface.peer import Peer, group_name, peer_of

NOBODY = 2_147_000_001
"""A number that no user and no group bears."""
SOMEBODY = next(user for user in pwd.getpwall() if user.pw_uid)


class Crowded:
    """A connection of somebody in more groups than an option holds."""

    def __init__(self, uid: int) -> None:
        self.uid = uid

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        if optname == socket.SO_PEERCRED:
            return struct.pack("3i", 1, self.uid, NOBODY)
        raise OSError(34, "Numerical result out of range")


def test_a_user_is_told_by_name_and_by_number_without_one() -> None:
    assert Peer(1, SOMEBODY.pw_uid, 0).name == SOMEBODY.pw_name
    assert Peer(1, NOBODY, 0).name == f"uid {NOBODY}"


def test_a_group_is_told_by_name_and_by_number_without_one() -> None:
    known = grp.getgrall()[0]
    assert group_name(known.gr_gid) == known.gr_name
    assert group_name(NOBODY) == str(NOBODY)


def test_the_kernel_says_who_connected() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = peer_of(ours)
    assert (peer.pid, peer.uid, peer.gid) == (os.getpid(), os.geteuid(), os.getegid())
    assert set(peer.groups) == set(os.getgroups())


def test_somebody_belongs_to_the_group_at_work_and_to_every_other_one() -> None:
    peer = Peer(1, NOBODY, 7, (8, 9))
    assert [peer.belongs(group) for group in (7, 8, 9, 10)] == [True, True, True, False]


def test_more_groups_than_the_kernel_tells_at_once_are_looked_up() -> None:
    assert SOMEBODY.pw_gid in peer_of(Crowded(SOMEBODY.pw_uid)).groups
    assert peer_of(Crowded(NOBODY)).groups == ()
