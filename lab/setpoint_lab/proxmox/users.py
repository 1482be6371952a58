"""Users and their tokens as user.cfg would hold them; neighbour: `access`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Token:
    """An API token; `expire` in seconds since the epoch, 0 for never."""

    secret: str
    privsep: bool = True
    expire: int = 0
    comment: str | None = None


@dataclass(slots=True)
class User:
    """A user; `password` None means that nobody logs in with one, `details` are e-mail, names, comment, keys."""

    userid: str
    enable: bool = True
    expire: int = 0
    password: str | None = None
    groups: set[str] = field(default_factory=set[str])
    details: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])

    @property
    def realm(self) -> str:
        """The part behind the last @."""
        return self.userid.rpartition("@")[2]

    def active(self, now: float) -> bool:
        """Whether the user may ask anything."""
        return self.enable and (self.expire == 0 or self.expire > now)


@dataclass(slots=True)
class Group:
    """A group; its members name it."""

    groupid: str
    comment: str | None = None


@dataclass(slots=True)
class Role:
    """A role made by someone, or one that comes with the system (`special`)."""

    roleid: str
    privs: frozenset[str]
    special: bool = False
