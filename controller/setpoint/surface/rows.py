"""The declared resources with what is known of each: in full, or what a table shows of those that need attention."""

from __future__ import annotations

from collections.abc import Iterable

from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate
from setpoint.store.records import Status
from setpoint.surface import views
from setpoint.surface.views import View

LISTED = 500
"""Of more resources than that a table lists only those that are not in sync: nobody reads more."""
BRIEF = (
    "key",
    "namespace",
    "kind",
    "target",
    "retained",
    "lingering",
    "outcome",
    "ready",
    "sentence",
    "since",
    "holds",
)
"""The fields of a row that a table, and the verdict over it, need."""


def full_rows(estate: Estate, statuses: Iterable[Status]) -> list[View]:
    """Every resource, with all that is known of it."""
    known = {status.key: status for status in statuses}
    return [_row(estate, key, known.get(key)) for key in sorted((*estate.resources, *estate.dormant))]


def one_row(estate: Estate, key: Key) -> View:
    """One resource, with all that is known of it."""
    return _row(estate, key, estate.store.status(key))


def brief_rows(estate: Estate, statuses: Iterable[Status]) -> list[View]:
    """What a table shows; without those in sync where there are more than `LISTED` resources."""
    keys = {*estate.resources, *estate.dormant}
    known = {status.key: status for status in statuses}
    if len(keys) > LISTED:
        keys -= {key for key, status in known.items() if _rests(estate, key, status)}
    rows = [_row(estate, key, known.get(key)) for key in sorted(keys)]
    return [{name: row[name] for name in BRIEF} for row in rows]


def _row(estate: Estate, key: Key, status: Status | None) -> View:
    resource = estate.resources.get(key) or estate.dormant[key]
    return views.resource_view(
        resource,
        status,
        retained=key in estate.retained,
        lingering=key in estate.lingering,
        rebuild=views.rebuild_of(resource, estate.store.item(key), estate.ports.now()),
        order=_ordered(estate, resource),
    )


def _ordered(estate: Estate, resource: Resource) -> str | None:
    placed = estate.orders.of(resource, estate.ports.now())
    return None if placed is None or placed.order.plain else f"{placed.order}, by {placed.order.by}"


def _rests(estate: Estate, key: Key, status: Status) -> bool:
    resource = estate.resources.get(key)
    return resource is not None and key not in estate.retained and views.is_in_sync(resource, status)
