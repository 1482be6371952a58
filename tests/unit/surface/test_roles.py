"""Who has which role, and which role a call needs; by the real user database of this host."""

from __future__ import annotations

import grp
import itertools
import pwd

import pytest

from setpoint.settings_roles import RoleSettings
from setpoint.surface.peer import Peer
from setpoint.surface.roles import OPERATED, Door, Role, needed, unknown_names

NOBODY = 2_147_000_001
OWNER, DOOR = 2_147_000_002, 2_147_000_003
ANNA = next(user for user in pwd.getpwall() if user.pw_uid)
SEERS, HANDS, CHIEFS = itertools.islice((group for group in grp.getgrall() if group.gr_gid), 3)
ROLES = RoleSettings(viewer=(SEERS.gr_name,), operator=(HANDS.gr_name,), admin=(CHIEFS.gr_name,))


def peer(*groups: int, uid: int = NOBODY) -> Peer:
    return Peer(1, uid, NOBODY, groups)


@pytest.mark.parametrize(
    ("somebody", "roles", "role"),
    [
        pytest.param(peer(uid=0), None, Role.ADMIN, id="root"),
        pytest.param(peer(uid=OWNER), None, Role.ADMIN, id="the daemon's own user"),
        pytest.param(peer(DOOR), None, Role.OPERATOR, id="the socket's group"),
        pytest.param(Peer(1, NOBODY, DOOR), None, Role.OPERATOR, id="the group at work"),
        pytest.param(peer(SEERS.gr_gid), None, None, id="a stranger"),
        pytest.param(peer(uid=0), RoleSettings(), Role.ADMIN, id="root, whom nobody named"),
        pytest.param(peer(uid=OWNER), RoleSettings(), Role.ADMIN, id="the own user, whom nobody named"),
        pytest.param(peer(DOOR), ROLES, None, id="the socket's group, which nobody named"),
        pytest.param(peer(SEERS.gr_gid), ROLES, Role.VIEWER, id="a viewer"),
        pytest.param(peer(HANDS.gr_gid), ROLES, Role.OPERATOR, id="an operator"),
        pytest.param(peer(CHIEFS.gr_gid), ROLES, Role.ADMIN, id="an admin"),
        pytest.param(peer(SEERS.gr_gid, CHIEFS.gr_gid, HANDS.gr_gid), ROLES, Role.ADMIN, id="the highest"),
        pytest.param(
            peer(uid=ANNA.pw_uid),
            RoleSettings(operator=(f"user:{ANNA.pw_name}",)),
            Role.OPERATOR,
            id="a user",
        ),
        pytest.param(
            peer(uid=ANNA.pw_uid), RoleSettings(admin=(ANNA.pw_name,)), None, id="a group called as the user"
        ),
        pytest.param(peer(), RoleSettings(admin=("nosuchgroup", "user:nosuch")), None, id="unknown names"),
    ],
)
def test_a_role(somebody: Peer, roles: RoleSettings | None, role: Role | None) -> None:
    assert Door(OWNER, DOOR, roles).role_of(somebody) is role


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/v1/status", Role.VIEWER),
        ("HEAD", "/v1/status", Role.VIEWER),
        ("GET", "/v1/resync", Role.VIEWER),
        *(("POST", path, Role.OPERATOR) for path in sorted(OPERATED)),
        ("POST", "/v1/approve", Role.ADMIN),
        ("POST", "/v1/forget", Role.ADMIN),
        ("POST", "/v1/whatever-comes", Role.ADMIN),
        ("DELETE", "/v1/status", Role.ADMIN),
        ("OPTIONS", "/v1/status", Role.ADMIN),
        ("POST", "/v1/resync/", Role.ADMIN),
    ],
)
def test_what_changes_something_needs_an_admin_unless_it_is_listed(
    method: str, path: str, role: Role
) -> None:
    assert needed(method, path) is role


@pytest.mark.parametrize(
    ("roles", "wanted", "remedy"),
    [
        (None, Role.ADMIN, "use sudo, or have a group of yours named under roles.admin in"),
        (ROLES, Role.ADMIN, f"ask one of '{CHIEFS.gr_name}', or use sudo"),
        (ROLES, Role.OPERATOR, f"ask one of '{HANDS.gr_name}', '{CHIEFS.gr_name}', or use sudo"),
    ],
    ids=["left out", "admin", "operator"],
)
def test_whose_role_is_too_low_is_told_whom_to_ask(
    roles: RoleSettings | None, wanted: Role, remedy: str
) -> None:
    assert Door(OWNER, DOOR, roles).promotion(wanted).startswith(remedy)


def test_names_that_the_host_does_not_know_are_told() -> None:
    roles = RoleSettings(viewer=("nosuchgroup", SEERS.gr_name), admin=("user:nosuch", f"user:{ANNA.pw_name}"))
    assert unknown_names(roles) == ["nosuchgroup", "user:nosuch"]
    assert unknown_names(None) == []
