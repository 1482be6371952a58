"""Reads a world from a state and writes one: objects by endpoint in neutral form, the next ids, the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.body import blank_row
from setpoint_lab.netbox.meta import KEY_LENGTH, LETTERS, SECRET_LENGTH
from setpoint_lab.netbox.model import MODELS, Model
from setpoint_lab.netbox.store import Row
from setpoint_lab.netbox.times import parse_time, stamp

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

TAGS = "extras/tags"
TOKENS = "users/tokens"

DEFAULT_STATE: dict[str, Any] = {
    "objects": {
        "users/users": [
            {"id": 1, "username": "admin", "password": "setpoint", "is_superuser": True, "is_active": True}
        ],
        TOKENS: [
            {
                "id": 1,
                "user": 1,
                "version": 2,
                "key": "setpointlab0",
                "token": "0123456789abcdef0123456789abcdef01234567",
            }
        ],
    }
}
"""What an emulator begins with when nobody says: a superuser and their token."""

SEEDS: dict[str, list[Row]] = {
    "plugins/netbox-dns/views": [
        {"id": 1, "name": "_default_", "description": "Default View", "default_view": True}
    ]
}
"""What every server has where a state says nothing of an endpoint."""


def read_state(world: World, state: Mapping[str, Any]) -> None:
    """Fill an empty world; `clock` must have been set before."""
    objects: Mapping[str, list[Row]] = SEEDS | (state.get("objects") or {})
    slugs = {str(row["slug"]): int(row["id"]) for row in objects.get(TAGS, ())}
    for endpoint, rows in objects.items():
        for given in rows:
            world.table(endpoint).put(_row(world, MODELS.get(endpoint), given, slugs))
    _name_users(world)
    for token in list(world.table(TOKENS).rows.values()):
        world.table(TOKENS).put(_with_secret(world, token))
    for table in world.tables.values():
        table.next_id = max(table.rows, default=0) + 1
    wanted: Mapping[str, int] = state.get("next_id") or {}
    for endpoint, number in wanted.items():
        world.table(endpoint).next_id = max(world.table(endpoint).next_id, number)


def _row(world: World, model: Model | None, given: Row, slugs: dict[str, int]) -> Row:
    row = dict(given)
    if model is None:
        return row
    if "tags" in model.by_name:
        row["tags"] = [slugs.get(tag, tag) for tag in given.get("tags") or ()]
    if model.endpoint == TOKENS and "token" in row:
        row["secret"] = row.pop("token")
    row = blank_row(model) | row
    for name in ("created", "last_updated"):
        if name in model.by_name and not row[name]:
            row[name] = world.now()
    return row


def _name_users(world: World) -> None:
    """Changes of a state may name their users instead of giving ids."""
    users = {str(row["username"]): row["id"] for row in world.table("users/users").rows.values()}
    changes = world.table("core/object-changes")
    for row in list(changes.rows.values()):
        if row.get("user") is None:
            changes.put(row | {"user": users.get(str(row.get("user_name")))})


def _with_secret(world: World, row: Row) -> Row:
    key = row.get("key") or (world.characters(LETTERS, KEY_LENGTH) if row["version"] > 1 else None)
    return row | {"key": key, "secret": row.get("secret") or world.characters(LETTERS, SECRET_LENGTH)}


def token_values(world: World) -> dict[str, str]:
    """What goes behind the keyword of the Authorization header, by the ids of the tokens."""
    return {
        str(row["id"]): f"nbt_{row['key']}.{row['secret']}" if row["version"] > 1 else str(row["secret"])
        for row in world.table(TOKENS).rows.values()
    }


def write_state(world: World) -> dict[str, Any]:
    """The world as a state that `read_state` takes."""
    tags = world.table(TAGS).rows
    objects: dict[str, list[Row]] = {}
    for endpoint, table in sorted(world.tables.items()):
        model = MODELS.get(endpoint)
        for number in sorted(table.rows):
            row = dict(table.rows[number])
            if model is not None and "tags" in model.by_name:
                row["tags"] = [tags[tag]["slug"] for tag in row["tags"] if tag in tags]
            if endpoint == TOKENS:
                row["token"] = row.pop("secret")
            objects.setdefault(endpoint, []).append(row)
    return {
        "objects": objects,
        "next_id": {endpoint: table.next_id for endpoint, table in sorted(world.tables.items())},
        "clock": stamp(world.moment()),
    }


def clock_of(state: Mapping[str, Any]) -> float | None:
    """The time of a state, in seconds since the epoch."""
    text = state.get("clock")
    return parse_time(text).timestamp() if text else None
