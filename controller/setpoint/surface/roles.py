"""What each user of the socket may do: viewers see, operators hold and look again, admins release."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from setpoint.settings_roles import USER, RoleSettings
from setpoint.surface.peer import Peer, group_name


class Role(IntEnum):
    """Each includes those before it."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()


OPERATED: Final = frozenset({"/v1/resync", "/v1/order", "/v1/freeze", "/v1/unfreeze", "/v1/undelete"})
"""What operators may change, which is only ever to do less; whatever else changes something is for admins.

An order is one of these while it asks for no more than a look.
"""
_SEEING: Final = frozenset({"GET", "HEAD"})


def needed(method: str, path: str) -> Role:
    """The role that a call needs."""
    if method in _SEEING:
        return Role.VIEWER
    return Role.OPERATOR if path in OPERATED else Role.ADMIN


@dataclass(frozen=True)
class Door:
    """Who is let in, and as what.

    Attributes:
        owner: the daemon's own user.
        group: of the socket; its members are operators where `roles` is None.
    """

    owner: int
    group: int
    roles: RoleSettings | None

    def role_of(self, peer: Peer) -> Role | None:
        """The highest role of a peer; None for a stranger."""
        if peer.uid in (0, self.owner):
            return Role.ADMIN
        if self.roles is None:
            return Role.OPERATOR if peer.belongs(self.group) else None
        named = (
            (Role.ADMIN, self.roles.admin),
            (Role.OPERATOR, self.roles.operator),
            (Role.VIEWER, self.roles.viewer),
        )
        return next((role for role, members in named if any(_is(peer, one) for one in members)), None)

    def admission(self) -> str:
        """How a stranger comes in."""
        if self.roles is None:
            return f"add that user to the group {group_name(self.group)}"
        return "name that user or a group of it under roles in the settings of the daemon"

    def promotion(self, wanted: Role) -> str:
        """Where somebody turns whose role is too low."""
        others = ", ".join(f"'{name}'" for name in self._above(wanted))
        asked = f"ask one of {others}, or " if others else ""
        return f"{asked}use sudo, or have a group of yours named under roles.{wanted} in the settings of the daemon"

    def _above(self, wanted: Role) -> Iterator[str]:
        if self.roles is not None:
            yield from self.roles.operator if wanted is Role.OPERATOR else ()
            yield from self.roles.admin


def unknown_names(roles: RoleSettings | None) -> list[str]:
    """What the settings name and this host does not know; nobody gets a role by it."""
    named = {name for members in (roles or RoleSettings()).model_dump().values() for name in members}
    return sorted(name for name in named if _number(name) is None)


def _is(peer: Peer, member: str) -> bool:
    number = _number(member)
    if number is None:
        return False
    return peer.uid == number if member.startswith(USER) else peer.belongs(number)


def _number(member: str) -> int | None:
    """The number of a user or group, asked afresh: they come and go while the daemon runs."""
    try:
        if member.startswith(USER):
            return pwd.getpwnam(member.removeprefix(USER)).pw_uid
        return grp.getgrnam(member).gr_gid
    except KeyError:
        return None
