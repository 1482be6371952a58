"""What a row of NetBox's changes means for the views: which to read again, which may be gone, or that all may differ. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from setpoint_netbox.api.pages import Row
from setpoint_netbox.watch.selection import plain
from setpoint_netbox.watch.types import CONTEXT, EVERYWHERE, FAR, MAC, Root
from setpoint_netbox.watch.views import Thing

FIELDS: Final = "id,time,action,changed_object_type,changed_object_id,request_id,user_name"


@dataclass(frozen=True)
class Change:
    """A row: `action` is create, update or delete; `request` is the call that made it; `user` is who called."""

    id: int
    action: str
    thing: Thing
    request: str
    user: str
    time: str


@dataclass(frozen=True)
class Effect:
    """What changes come to.

    Attributes:
        roots: objects whose views are read again.
        parts: what may have come to another object, which only NetBox knows.
        deleted: objects of which somebody was seen to delete them.
        far: something changed that many views show.
        user: who brought the last change that counts; empty when none does.
    """

    roots: frozenset[Thing] = frozenset()
    parts: frozenset[Thing] = frozenset()
    deleted: frozenset[Thing] = frozenset()
    far: bool = False
    user: str = ""


def parse_change(row: Row) -> Change:
    """A row as it is listed."""
    thing = (str(row.get("changed_object_type")), int(row.get("changed_object_id") or 0))
    action = str(plain(row.get("action")))
    return Change(
        int(row["id"]),
        action,
        thing,
        str(row.get("request_id")),
        str(row.get("user_name") or ""),
        str(row.get("time")),
    )


def effect(
    changes: Iterable[Change],
    roots: Collection[Root],
    index: Mapping[Thing, Thing],
    ours: Callable[[str], bool],
    shown: Callable[[Thing], bool],
) -> Effect:
    """What changes come to.

    Args:
        changes: that are new.
        roots: whose objects are taken.
        index: to which object a part belongs, as far as is known.
        ours: whether we made a call ourselves. What we wrote into an object gives nothing new; that it was deleted does.
        shown: whether an object that belongs to nobody stands in any view.
    """
    own = {root.type for root in roots}
    below = {MAC, *(part.type for root in roots for part in root.parts)}
    again: set[Thing] = set()
    moved: set[Thing] = set()
    deleted: set[Thing] = set()
    far = False
    user = ""
    for change in changes:
        kind = change.thing[0]
        if ours(change.request) and change.action != "delete":
            continue
        relevant = kind in own or kind in below
        if kind in own:
            (deleted if change.action == "delete" else again).add(change.thing)
        if kind in below:
            again |= {index[change.thing]} if change.thing in index else set()
            moved |= {change.thing} if change.action != "delete" else set()
        if _is_far(change, roots, shown):
            far = relevant = True
        user = change.user if relevant else user
    return Effect(frozenset(again - deleted), frozenset(moved), frozenset(deleted), far, user)


def _is_far(change: Change, roots: Collection[Root], shown: Callable[[Thing], bool]) -> bool:
    kind = change.thing[0]
    if kind == CONTEXT:
        return any("config_context" in root.fields for root in roots)
    return kind in EVERYWHERE or (kind in FAR.values() and change.action != "create" and shown(change.thing))
