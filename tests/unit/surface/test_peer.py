"""Who may talk to the daemon, by the real user database of this host."""

from __future__ import annotations

import grp
import os
import pwd
import socket

import pytest

from setpoint.surface.peer import Peer, group_name, may_talk, peer_of

NOBODY = 2_147_000_001
"""A number that no user and no group bears."""
SOMEBODY = next(user for user in pwd.getpwall() if user.pw_uid)
OWNER, GROUP = 2_147_000_002, 2_147_000_003


@pytest.mark.parametrize(
    ("peer", "group", "may"),
    [
        pytest.param(Peer(1, 0, 0), GROUP, True, id="root"),
        pytest.param(Peer(1, OWNER, NOBODY), GROUP, True, id="the daemon's own user"),
        pytest.param(Peer(1, NOBODY, GROUP), GROUP, True, id="the group at work"),
        pytest.param(Peer(1, SOMEBODY.pw_uid, NOBODY), SOMEBODY.pw_gid, True, id="a member of the group"),
        pytest.param(Peer(1, SOMEBODY.pw_uid, SOMEBODY.pw_gid), GROUP, False, id="a member of others"),
        pytest.param(Peer(1, NOBODY, NOBODY), GROUP, False, id="a user without a name"),
    ],
)
def test_only_root_the_owner_and_the_group_may_talk(peer: Peer, group: int, *, may: bool) -> None:
    assert may_talk(peer, OWNER, group) is may


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
        assert peer_of(ours) == Peer(os.getpid(), os.geteuid(), os.getegid())
