"""Who may do what through the daemon's socket, as the settings say it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from setpoint.model.spec import Spec, described

USER = "user:"
"""What stands before the name of a user; every other name is that of a group."""
_NAME = re.compile(r"[^\s:,/\x00-\x1f\x7f][^:,/\x00-\x1f\x7f]*")


def _member(text: str) -> str:
    if not _NAME.fullmatch(text.removeprefix(USER)):
        raise ValueError(f"'{text}' is no name; write that of a group, or {USER}anna for a user")
    return text


Member = Annotated[str, AfterValidator(_member)]


class RoleSettings(Spec):
    """Who may do what; whoever is named more than once has the highest role. Root and the daemon's user are admins."""

    viewer: tuple[Member, ...] = described(
        "Groups, and users as user:anna, that may see everything and change nothing.", ()
    )
    operator: tuple[Member, ...] = described(
        "Groups and users that may also resync, freeze, unfreeze, pause, resume and undelete.", ()
    )
    admin: tuple[Member, ...] = described(
        "Groups and users that may also approve what is held, such as a deletion, and forget.", ()
    )
