"""One request as its handler sees it: authenticated, permitted by the schema's own check, parameters typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.uploads import Upload
    from setpoint_lab.proxmox.world import World


@dataclass(frozen=True, slots=True)
class Reply:
    """Data with siblings, for example `Reply(rows, {"total": 3})`."""

    data: object
    extra: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    `params` holds path, query and body parameters: int for integer and boolean, float for number, str for
    string, list[str] for array. `sent` holds them as text as they came. `user` is `name@realm` or
    `name@realm!token`. `upload` is the file that came with them.
    """

    world: World
    method: str
    path: str
    params: Mapping[str, object]
    user: str
    is_token: bool = False
    sent: Mapping[str, object] = field(default_factory=dict[str, object])
    upload: Upload | None = None

    @property
    def upid_user(self) -> str:
        """Whom a task of this request belongs to."""
        return self.user

    @property
    def is_root(self) -> bool:
        """Whether root@pam asks with a ticket; no token counts, not even root's."""
        return self.user == "root@pam"

    def allowed(self, path: str, priv: str) -> bool:
        """Whether the user has the privilege on the path."""
        return priv in self.world.access.privileges(self.user, path)

    def require(self, path: str, *privs: str, any_of: bool = False) -> None:
        """Raise 403 unless the user has all (or any) of the privileges on the path."""
        held = self.world.access.privileges(self.user, path)
        if any_of and held.isdisjoint(privs):
            raise ApiError.forbidden(f"{path}, {'|'.join(privs)}")
        missing = next((priv for priv in privs if priv not in held), None)
        if not any_of and missing is not None:
            raise ApiError.forbidden(f"{path}, {missing}")

    def text(self, name: str, default: str = "") -> str:
        """A string parameter, `default` when absent."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def text_or_none(self, name: str) -> str | None:
        """A string parameter, None when absent."""
        value = self.params.get(name)
        return None if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """An integer parameter, `default` when absent."""
        value = self.params.get(name)
        return value if isinstance(value, int) else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean parameter, `default` when absent."""
        value = self.params.get(name)
        return default if value is None else bool(value)

    def items(self, name: str) -> list[str]:
        """A parameter of a `-list` format or of type array, split."""
        value = self.params.get(name)
        if is_list(value):
            return [str(item) for item in value]
        return split_list(str(value)) if value is not None else []


def split_list(text: str) -> list[str]:
    """Split as Perl's split_list does: on comma, semicolon, blank and NUL, without empty parts."""
    for mark in ",;\0":
        text = text.replace(mark, " ")
    return text.split()
