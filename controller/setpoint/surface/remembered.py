"""What the store remembers, in the form in which the daemon answers; for a command line that finds no daemon."""

from __future__ import annotations

import time

from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.resource import Resource
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.surface import views
from setpoint.surface.deletions import remembered_views
from setpoint.surface.inventories import remembered_inventories
from setpoint.surface.select import find_key
from setpoint.surface.views import View

STOPPED = "stopped"
"""The phase of a daemon that does not answer."""


def remembered_status(store: Store, estate: str, source: str, key: str | None) -> View:
    """As the daemon's `status`; what only a running daemon knows is empty.

    Args:
        store: opened to read.
        estate: its name, from the settings.
        source: the name of the source.
        key: only that one.
    """
    resources = store.desired()
    statuses = {status.key: status for status in store.statuses()}
    keys: list[Key] = [find_key(resources, key, DEFAULT_NAMESPACE)] if key else sorted(resources)
    version = store.accepted(source) or ""
    layer = store.layer(source)
    known = views.SourceView(
        name=source,
        version=version,
        good=False,
        sentence=f"{version[:12]} was in force when the daemon stopped" if version else "never looked at",
        looked_at=layer.fetched_at if layer else 0.0,
    )
    return {
        "estate": estate,
        "phase": STOPPED,
        "pid": None,
        "source": views.source_view(known),
        "inventories": remembered_inventories(store),
        "conflicts": [],
        "freezes": views.freeze_views(store.freezes(), time.time()),
        "problems": [],
        "waiting": [],
        "retained": [],
        "declared": len(resources),
        "resources": [_row(store, resources[key], statuses.get(key)) for key in keys],
        "released": [views.released_view(item) for item in store.items() if item.released and not key],
        "deletions": [] if key else remembered_views(store.tombstones().values(), statuses),
        "heldSets": [],
        "lanes": [],
    }


def _row(store: Store, resource: Resource, status: Status | None) -> View:
    rebuild = views.rebuild_of(resource, store.item(resource.key), time.time())
    return views.resource_view(resource, status, rebuild=rebuild)
