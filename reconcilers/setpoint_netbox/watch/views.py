"""From rows of lists to views: what is shown of an object, without what changes by itself. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from setpoint_netbox.api.pages import Row
from setpoint_netbox.content import encode_view, view_path
from setpoint_netbox.watch.types import ADDRESS, FAR, INTERFACE, MAC, ROOTS, Root

Thing: TypeAlias = tuple[str, int]
"""An object by its type and id."""

_REFERENCE: Final = frozenset(
    {
        "id", "name", "slug", "value", "label", "display", "vid", "address", "family", "prefix", "mac_address", "dns_name",
        "virtual_machine", "fqdn", "default_view",
    }
)  # fmt: skip
"""What is shown of an object that another one names; counters and texts of it are nobody's business."""
_ADDRESS = re.compile(r"/api/((?:plugins/)?[a-z-]+/[a-z-]+)/(\d+)/$")
_FREE: Final = frozenset({"local_context_data", "config_context"})
"""Fields with whatever people write: shown as they are."""


@dataclass(frozen=True)
class View:
    """What is known of one object.

    Attributes:
        content: the view as it is kept.
        things: the objects that stand in it and belong to nobody else.
        stamp: when NetBox says that the object itself was last saved; empty for what only a former process saw.
        name: what people call it.
        created: when it was made; the same number may be that of another object in another database.
        ours: the custom fields that only we write.
        others: the objects of types that are `FAR` that stand in it.
    """

    path: str
    content: bytes
    things: tuple[Thing, ...]
    stamp: str
    name: str
    created: str
    ours: Mapping[str, Any] = field(default_factory=dict[str, Any])
    others: frozenset[Thing] = frozenset()

    @property
    def thing(self) -> Thing:
        """The object itself."""
        kind, _, number = self.path.partition("/")
        return kind, int(number)


def make_view(
    root: Root, row: Row, parts: Mapping[str, list[Row]], ours: frozenset[str] = frozenset()
) -> View:
    """The view of a row; `parts` are the rows that belong to it, by their types, and `ours` the fields that only we write."""
    shown: dict[str, Any] = _shown(root.fields, row)
    held: dict[str, Any] = shown.get("custom_fields") or {}
    written = {name: held.pop(name) for name in ours if name in held}
    for part in root.parts:
        if part.type != ADDRESS:
            those = sorted(parts.get(part.type, ()), key=lambda one: int(one["id"]))
            shown[part.place] = [_shown(part.fields, one) for one in those]
    if "interfaces" in shown:
        _place_addresses(root, shown["interfaces"], parts.get(ADDRESS, ()))
    things = tuple((kind, int(one["id"])) for kind, rows in parts.items() for one in rows)
    macs = tuple(_macs(parts.get(INTERFACE, ())))
    path = view_path(root.type, int(row["id"]))
    stamp = str(row.get("last_updated"))
    others = _alike(frozenset(_named([row, *(one for rows in parts.values() for one in rows)])))
    return View(path, encode_view(shown), things + macs, stamp, *_identity(shown), written, others)


@lru_cache(maxsize=1 << 10)
def _alike(things: frozenset[Thing]) -> frozenset[Thing]:
    """Thousands of objects name the same few others: one set for all of them."""
    return things


def _named(value: Any) -> Iterator[Thing]:
    """What is named in rows, by the addresses of objects."""
    if isinstance(value, list):
        for one in cast("Sequence[Any]", value):
            yield from _named(one)
    elif isinstance(value, dict):
        told = cast("Mapping[str, Any]", value)
        found = _ADDRESS.search(str(told.get("url", "")))
        if found is not None and found[1] in FAR:
            yield FAR[found[1]], int(found[2])
        for name, one in told.items():
            if name not in _FREE and isinstance(one, dict | list):
                yield from _named(one)


def kept_view(path: str, content: bytes) -> View:
    """A view of which no more is there than what was kept."""
    shown: dict[str, Any] = json.loads(content)
    parts = ROOTS[path.partition("/")[0]].parts if path.partition("/")[0] in ROOTS else ()
    things = tuple((part.type, int(one["id"])) for part in parts for one in shown.get(part.place) or ())
    interfaces: list[Row] = shown.get("interfaces") or []
    addresses = tuple(
        (ADDRESS, int(one["id"])) for nic in interfaces for one in nic.get("ip_addresses") or ()
    )
    return View(path, content, (*things, *addresses, *_macs(interfaces)), "", *_identity(shown))


def _identity(shown: Mapping[str, Any]) -> tuple[str, str]:
    return str(shown.get("name") or shown.get("prefix") or ""), str(shown.get("created") or "")


def _place_addresses(root: Root, interfaces: list[dict[str, Any]], rows: Iterable[Row]) -> None:
    fields = next(part.fields for part in root.parts if part.type == ADDRESS)
    for interface in interfaces:
        those = [row for row in rows if row.get("assigned_object_id") == interface["id"]]
        those = [row for row in those if row.get("assigned_object_type") == INTERFACE]
        interface["ip_addresses"] = [
            _shown(fields, row) for row in sorted(those, key=lambda one: int(one["id"]))
        ]


def _macs(interfaces: Iterable[Row]) -> Iterator[Thing]:
    for interface in interfaces:
        for mac in interface.get("mac_addresses") or ():
            yield MAC, int(mac["id"])


def _shown(fields: Iterable[str], row: Row) -> dict[str, Any]:
    return {name: row[name] if name in _FREE else _stripped(row[name]) for name in fields if name in row}


def _stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [_stripped(one) for one in cast("Sequence[Any]", value)]
    if not isinstance(value, dict):
        return value
    told = cast("dict[str, Any]", value)
    reference = "id" in told and "url" in told
    return {name: _stripped(one) for name, one in told.items() if not reference or name in _REFERENCE}
