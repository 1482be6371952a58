"""How a change goes out over resources that serve together: in a group, a few at once, canaries first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pydantic import field_validator

from setpoint.model.key import Key
from setpoint.model.spec import Spec, described

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SHARE: Final = re.compile(r"([1-9][0-9]?|100)%")


class Rollout(Spec):
    """With whom a resource takes turns.

    A group is a name and no selector, for layers select by labels already: write it once in defaults.
    """

    group: str = described(
        "Its group: everything in its namespace, of whatever kind, that names the same one.",
        examples=["web"],
    )
    max_unavailable: int | str = described(
        "How many members, or which share of them (rounded down, at least one), may be under change or not well since "
        "their last change; the smallest that a member says counts for all.",
        1,
        examples=[2, "25%"],
    )
    canary: bool = described(
        "Whether it goes first: while a canary is not in sync with its declaration, no other member is changed.",
        default=False,
    )

    def limit(self, members: int) -> int:
        """How many of `members` may be under change."""
        if isinstance(self.max_unavailable, int):
            return self.max_unavailable
        return max(members * int(self.max_unavailable[:-1]) // 100, 1)

    @field_validator("group")
    @classmethod
    def _named(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(f"'{value}' is no name of a group; use at most 63 of a-z, 0-9 and -")
        return value

    @field_validator("max_unavailable", mode="before")
    @classmethod
    def _some(cls, value: object) -> object:
        sound = _SHARE.fullmatch(value) if isinstance(value, str) else type(value) is int and value >= 1
        if not sound:
            raise ValueError(f"'{value}' is neither a number from 1 on nor a share such as 25%")
        return value


@dataclass(frozen=True)
class Peer:
    """Another member of the group.

    Attributes:
        changing: when the change began that it was not seen well after, seconds since the epoch; 0 without one.
        ready: it is in sync with what is declared for it now, and healthy.
        looked_at: when it was last looked at, seconds since the epoch; 0 before.
        generation: of its declaration.
    """

    key: Key
    canary: bool
    changing: float
    ready: bool
    looked_at: float
    generation: str


@dataclass(frozen=True)
class Group:
    """What a member sees of its group.

    Attributes:
        limit: how many may be under change.
        peers: the other members.
        canary: whether it is one itself.
        changing: as of a peer, for itself.
        wanted_at: since when it wants the change that it wants now, seconds since the epoch.
    """

    name: str
    limit: int
    peers: tuple[Peer, ...]
    canary: bool
    changing: float
    wanted_at: float
