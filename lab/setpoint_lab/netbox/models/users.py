"""Users, their tokens and what they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import CREATED, Computed, Count, Fixed
from setpoint_lab.netbox.fields import Choice, Field, Flag, Json, Text
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.meta import secrets
from setpoint_lab.netbox.model import MODELS, Model, Unique, register
from setpoint_lab.netbox.models.common import DESCRIPTION
from setpoint_lab.netbox.relations import Ref, RefMany, TypeNames
from setpoint_lab.netbox.rights import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World


GROUPS = "users/groups"


def _username(_world: World, row: Row) -> str:
    return str(row["username"])


def _permissions(of: str) -> Callable[[View, Row], Any]:
    """The permissions that name a user or a group."""

    def shown(view: View, row: Row) -> Any:
        model = MODELS[PERMISSIONS]
        return [view.brief(model, each) for each in view.world.table(PERMISSIONS).where(of, row["id"])]

    return shown


def _secret(_view: View, row: Row) -> str:
    return str(row["secret"])


def _token(_world: World, row: Row) -> str:
    return str(row["key"] or f"v{row['version']} token {row['id']}")


register(
    Model(
        endpoint="users/users",
        type="users.user",
        class_name="User",
        verbose="user",
        display=_username,
        natural="username",
        ordering=("username",),
        brief=("id", "url", "display", "username"),
        search=("username", "first_name", "last_name", "email"),
        unique=(Unique(("username",), "A user with that username already exists."),),
        fields=(
            Text("username", required=True, longest=150),
            Text("password", hidden=True, logged=False),
            Text("first_name", longest=150),
            Text("last_name", longest=150),
            Text("email", longest=254),
            Field("is_superuser", hidden=True, default=False),
            Flag("is_active", default=True),
            Field("date_joined", logged=False),
            Field("last_login", logged=False),
            RefMany("groups", to=GROUPS),
            Computed("permissions", function=_permissions("users")),
        ),
    )
)

register(
    Model(
        endpoint=GROUPS,
        type="users.group",
        class_name="Group",
        verbose="group",
        natural="name",
        brief=("id", "url", "display", "name", "description"),
        unique=(Unique(("name",)),),
        fields=(
            Text("name", required=True, longest=150),
            DESCRIPTION,
            Count("user_count", of="users/users", by="groups"),
            Computed("permissions", function=_permissions("groups")),
        ),
    )
)

register(
    Model(
        endpoint="users/tokens",
        type="users.token",
        class_name="Token",
        verbose="token",
        display=_token,
        natural="key",
        ordering=("-created",),
        brief=("id", "url", "display", "version", "key", "enabled", "write_enabled", "description"),
        search=("description",),
        fields=(
            Choice("version", labels={1: "v1", 2: "v2"}, default=2, bare=True),
            Ref("user", to="users/users", null=False, required=True, on_delete="cascade"),
            Field("key"),
            Field("secret", hidden=True, logged=False),
            CREATED,
            Text("expires", null=True, default=None),
            Field("last_used"),
            Flag("enabled", default=True),
            Flag("write_enabled", default=True),
            Fixed("pepper_id", value=1),
            DESCRIPTION,
            Json("allowed_ips"),
            Computed("token", function=_secret, hidden=True, once=True),
        ),
    )
)


@hook("before_save", "users/tokens")
def make_secret(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A token that is made gets its random values."""
    if old is None and new is not None:
        new |= secrets(unit.world, int(new["version"]))


register(
    Model(
        endpoint="users/permissions",
        type="users.objectpermission",
        class_name="ObjectPermission",
        verbose="permission",
        natural="name",
        brief=("id", "url", "display", "name", "description", "enabled", "object_types", "actions"),
        fields=(
            Text("name", required=True, longest=100),
            DESCRIPTION,
            Flag("enabled", default=True),
            TypeNames("object_types", required=True),
            Json("actions", required=True, default=[]),
            Json("constraints"),
            RefMany("groups", to=GROUPS),
            RefMany("users", to="users/users"),
        ),
    )
)
