"""What users may: permissions of users and their groups, and what troubles take away from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.constraints import ME, fitting

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model, Predicate
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

PERMISSIONS = "users/permissions"
ACTIONS = ("view", "add", "change", "delete")

OF_EVERYBODY: tuple[Row, ...] = (
    {"object_types": ["users.token"], "actions": list(ACTIONS), "constraints": {"user": ME}},
)
"""Permissions that all users have."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Rights that a trouble takes away: wholly, or but for objects that fit; no users or types are all of them."""

    users: tuple[str, ...]
    types: tuple[str, ...]
    actions: tuple[str, ...]
    constraints: Any

    def concerns(self, user: Row, model: Model, action: str) -> bool:
        """Whether it is about this."""
        return (
            action in self.actions
            and (not self.users or user["username"] in self.users)
            and (not self.types or model.type in self.types)
        )


def taken(world: World) -> list[Taken]:
    """What troubles took away; the list may be changed."""
    found: list[Taken] = world.troubles.setdefault("taken", [])
    return found


def may_at_all(world: World, user: Row, model: Model, action: str, *, troubled: bool) -> bool:
    """Whether a user may do something to some objects of a model."""
    if troubled and any(
        each.constraints is None and each.concerns(user, model, action) for each in taken(world)
    ):
        return False
    return bool(user.get("is_superuser")) or bool(_granted(world, user, model, action))


def may_to(world: World, user: Row, model: Model, action: str, *, troubled: bool) -> Predicate:
    """To which objects they may do it."""
    granted = None if user.get("is_superuser") else _granted(world, user, model, action)
    taken_away = [
        each.constraints for each in taken(world) if troubled and each.concerns(user, model, action)
    ]
    limits = [fitting(world, model, each, user["id"]) for each in taken_away]
    given = None
    if granted is not None:
        given = [fitting(world, model, each.get("constraints"), user["id"]) for each in granted]

    def allowed(row: Row) -> bool:
        return all(fits(row) for fits in limits) and (given is None or any(fits(row) for fits in given))

    return allowed


def _granted(world: World, user: Row, model: Model, action: str) -> list[Row]:
    groups = set(user.get("groups") or ())
    given = [
        row
        for row in world.table(PERMISSIONS).rows.values()
        if row.get("enabled", True)
        and (user["id"] in (row.get("users") or ()) or groups & set(row.get("groups") or ()))
    ]
    return [
        row
        for row in (*OF_EVERYBODY, *given)
        if model.type in row["object_types"] and action in row["actions"]
    ]
