"""Reads views: of everything that is taken, or of some objects by their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from setpoint_netbox.api.line import Line
from setpoint_netbox.api.pages import Row, rows, rows_of
from setpoint_netbox.content import view_path
from setpoint_netbox.watch.selection import Wanted
from setpoint_netbox.watch.types import ADDRESSES, MAC, MAC_FIELDS, MAC_PATH, MACHINES, Part, Root, mac_owner
from setpoint_netbox.watch.views import Thing, View, make_view

FEW: Final = 300
"""Objects up to which their parts are asked for by their ids, and not all that NetBox has."""


@dataclass(frozen=True)
class Some:
    """What was found of objects of one type that were asked for by their ids.

    Attributes:
        views: of those that are taken.
        left: paths of those that are there, and are taken no more.
        absent: paths of those that are not shown: gone, or hidden.
    """

    views: tuple[View, ...] = ()
    left: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


async def read_all(line: Line, wanted: Wanted) -> tuple[View, ...]:
    """The views of all that is taken, as NetBox lists them now.

    Raises:
        NetBoxError: not all of it could be read.
    """
    found = await rows(line, wanted.root.path, (("fields", ",".join(wanted.fields)), *wanted.query))
    taken = await asyncio.to_thread(_taken, wanted, found)
    return await _views(line, wanted, taken, whole=len(taken) > FEW)


async def read_some(line: Line, wanted: Wanted, ids: Collection[int]) -> Some:
    """The same of the objects with these ids, whatever the filters say of them.

    Raises:
        NetBoxError: not all of it could be read.
    """
    fields = (("fields", ",".join(wanted.fields)),)
    found = await rows_of(line, wanted.root.path, fields, "id", ids, lambda row: int(row["id"]))
    taken = _taken(wanted, found)
    shown = {int(row["id"]) for row in found}
    left = shown - {int(row["id"]) for row in taken}
    views = await _views(line, wanted, taken, whole=len(taken) > FEW)
    return Some(views, _paths(wanted, left), _paths(wanted, set(ids) - shown))


def _taken(wanted: Wanted, found: list[Row]) -> list[Row]:
    return [row for row in found if wanted.matches(row)]


def _paths(wanted: Wanted, ids: Iterable[int]) -> frozenset[str]:
    return frozenset(view_path(wanted.root.type, number) for number in ids)


async def read_stamps(line: Line, wanted: Wanted) -> Mapping[int, str]:
    """When each object that NetBox's own filters take was last saved: cheap, and tells what no change tells.

    Raises:
        NetBoxError: not all of it could be read.
    """
    found = await rows(line, wanted.root.path, (("fields", "id,last_updated"), *wanted.query))
    return {int(row["id"]): str(row.get("last_updated")) for row in found}


async def owners(line: Line, things: Iterable[Thing], roots: Iterable[Root]) -> frozenset[Thing]:
    """The roots to which these parts belong now; those that are gone belong to nobody.

    Raises:
        NetBoxError: not all of it could be read.
    """
    asked = list(things)
    found: set[Thing] = set()
    for root in roots:
        for part in root.parts:
            ids = [number for kind, number in asked if kind == part.type]
            fields = _owner_fields(part)
            read = await rows_of(
                line, part.path, (("fields", fields),), "id", ids, lambda row: int(row["id"])
            )
            found |= {(root.type, number) for row in read if (number := part.owner(row)) is not None}
    ids = [number for kind, number in asked if kind == MAC]
    fields = ",".join(MAC_FIELDS)
    read = await rows_of(line, MAC_PATH, (("fields", fields),), "id", ids, lambda row: int(row["id"]))
    found |= {(MACHINES.type, number) for row in read if (number := mac_owner(row)) is not None}
    return frozenset(found)


def _owner_fields(part: Part) -> str:
    known = {
        "virtual_machine",
        "zone",
        "assigned_object",
        "assigned_object_type",
        "parent_object_id",
        "parent_object_type",
    }
    return ",".join(("id", *(name for name in part.fields if name in known)))


async def _views(line: Line, wanted: Wanted, taken: list[Row], *, whole: bool) -> tuple[View, ...]:
    root = wanted.root
    ids = [int(row["id"]) for row in taken]
    parts = {part.type: await _parts(line, part, ids, whole=whole) for part in root.parts} if ids else {}
    return await asyncio.to_thread(_made, wanted, taken, parts)


async def _parts(line: Line, part: Part, ids: list[int], *, whole: bool) -> list[Row]:
    fields = ("fields", ",".join(part.fields))
    if not whole:
        return await rows_of(line, part.path, (fields,), part.filter, ids, part.owner)
    common = part.common if part is ADDRESSES else ()
    return await rows(line, part.path, (fields, *common))


def _made(wanted: Wanted, taken: list[Row], parts: Mapping[str, list[Row]]) -> tuple[View, ...]:
    grouped: dict[int, dict[str, list[Row]]] = {}
    owner = {part.type: part.owner for part in wanted.root.parts}
    for kind, those in parts.items():
        for row in those:
            number = owner[kind](row)
            if number is not None:
                grouped.setdefault(number, {}).setdefault(kind, []).append(row)
    return tuple(make_view(wanted.root, row, grouped.get(int(row["id"]), {}), wanted.ours) for row in taken)
