"""The few things that the watcher asks of a NetBox beside its objects: which one it is, how far its changes go, what is gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from setpoint_netbox.api.failures import Call, GoneError, StrangerError, no_netbox
from setpoint_netbox.api.line import Line
from setpoint_netbox.api.pages import changes
from setpoint_netbox.content import view_path
from setpoint_netbox.watch.changes import FIELDS, parse_change
from setpoint_netbox.watch.holes import TTL, Feed, begin
from setpoint_netbox.watch.selection import Wanted
from setpoint_netbox.watch.types import ZONES, field_of
from setpoint_netbox.watch.views import Thing

OLDEST: Final = (4, 2)
"""The first version whose objects are as they are read here: addresses of interfaces and places of clusters are others before."""
BACK: Final = 20_000
"""Changes that are looked through for gaps at the start; more are not made within the time that a gap may take."""
_VERSION = re.compile(r"(\d+)\.(\d+)")


async def check_netbox(line: Line, wanted: Iterable[Wanted]) -> None:
    """See that it is a NetBox that can be read.

    Raises:
        NetBoxError: it is none, too old, or lacks a plugin.
    """
    told: Any = await line.get("status/")
    found = _VERSION.match(str(field_of(told, "netbox-version")))
    if found is None:
        raise no_netbox(Call("GET", "status/", line.access.url), "no version of NetBox")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise StrangerError(
            f"NetBox at {line.access.url} is version {found[0]}, which cannot be read",
            remedy="upgrade it to 4.2 or later; from 4.6 on lists are read whole at once",
        )
    if any(one.root is ZONES for one in wanted) and field_of(field_of(told, "plugins"), "netbox_dns") is None:
        raise StrangerError(
            f"NetBox at {line.access.url} has no plugin netbox_dns, whose zones are to be read",
            remedy="install netbox-plugin-dns there, or leave inventories.netbox.zones out",
        )


async def latest(line: Line) -> tuple[int, str]:
    """The highest id of a change, and its time; 0 while there is none.

    Raises:
        NetBoxError: it cannot be read.
    """
    query = (("limit", "1"), ("ordering", "-id"), ("fields", "id,time"))
    page: Any = await line.get("core/object-changes/", query)
    try:
        top = max(page["results"], key=lambda row: int(row["id"]), default=None)
        return (0, "") if top is None else (int(top["id"]), str(top["time"]))
    except (KeyError, TypeError, ValueError):
        raise no_netbox(Call("GET", "core/object-changes/", line.access.url), "no list of changes") from None


async def recent_feed(line: Line, now: float) -> Feed:
    """Where the feed begins for who reads everything next: its last change, and the gaps that may fill yet before it.

    Raises:
        NetBoxError: it cannot be read.
    """
    hi, at = await latest(line)
    if not hi:
        return Feed(0, {})
    since = (datetime.fromisoformat(at) - timedelta(seconds=TTL)).isoformat()
    query = (("fields", "id,time"), ("time_after", since))
    found = await changes(line, max(1, hi - BACK), query)
    # A change before the time may be listed where the filter is not known; a gap beside it is none that fills.
    recent = [
        int(row["id"])
        for row in found
        if datetime.fromisoformat(str(row["time"])) >= datetime.fromisoformat(since)
    ]
    return begin([*recent, hi], now)


async def deletions(line: Line, start: int) -> frozenset[Thing]:
    """What somebody deleted since the change `start`.

    Raises:
        NetBoxError: it cannot be read.
    """
    query = (("fields", FIELDS), ("action", "delete"))
    found = (parse_change(row) for row in await changes(line, start, query))
    return frozenset(change.thing for change in found if change.action == "delete")


async def proven_gone(line: Line, things: Collection[Thing], wanted: Iterable[Wanted]) -> frozenset[str]:
    """The paths of those that NetBox does not know under their numbers; only of what was seen to be deleted is that a proof.

    Raises:
        NetBoxError: it cannot be read.
    """
    lists = {one.root.type: one.root.path for one in wanted}
    gone: set[str] = set()
    for kind, number in sorted(things):
        try:
            await line.get(f"{lists[kind]}{number}/", (("fields", "id"),))
        except GoneError:
            gone.add(view_path(kind, number))
    return frozenset(gone)
