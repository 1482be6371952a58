"""Standings as the engine would tell them, a NetBox with our custom fields, and a report that writes into it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint.model.standing import Happening, Stand, Standing, Weight
from setpoint_netbox.api.line import Access, Line
from setpoint_netbox.report.report import Means, Report
from setpoint_netbox.report.settings import FieldNames, WriteBack
from tests.systems.netbox.ground import MACHINES, TOKEN, NetBox

NAMES = FieldNames()
TYPES = {
    "setpoint_phase": "text",
    "setpoint_message": "text",
    "setpoint_observed_hash": "text",
    "pve_vmid": "integer",
    "pve_node": "text",
    "setpoint_addresses": "longtext",
    "setpoint_drift": "text",
}
JOURNAL = "extras/journal-entries"


def standing(
    number: int = 1, phase: Stand = Stand.IN_SYNC, sentence: str = "in sync", **more: Any
) -> Standing:
    """How the guest stands that is declared by a virtual machine."""
    told = Standing(
        Key("default", "VirtualMachine", f"web{number}"),
        f"virtualization.virtualmachine/{number}.yaml",
        phase,
        sentence,
        "0123456789abcdef0123",
        {"vmid": 102},
        {"vmid": 102, "node": "pve1", "addresses": {"v4": ["10.0.0.2"], "v6": ["fd00::2"]}},
    )
    return replace(told, **more)


def failed(number: int = 1, *reasons: str, at: float = 5.0) -> Standing:
    """The same when something went wrong."""
    happened = tuple(Happening(at, one, "it *broke*", Weight.BAD, one) for one in reasons or ("Failed",))
    return standing(number, Stand.FAILED, "it broke", happened=happened)


def make_fields(netbox: NetBox, **types: str) -> None:
    """The custom fields that `setpoint netbox init` would make."""
    for name, kind in (types or TYPES).items():
        netbox.make(
            "extras/custom-fields", name=name, type=kind, object_types=["virtualization.virtualmachine"]
        )


def fields(netbox: NetBox, number: int) -> dict[str, Any]:
    """The custom fields that are set."""
    held = netbox.call("GET", f"{MACHINES}/{number}/")["custom_fields"]
    return {name: value for name, value in held.items() if value is not None}


def journal(netbox: NetBox) -> list[dict[str, Any]]:
    """Every entry, oldest first."""
    rows: list[dict[str, Any]] = netbox.call("GET", f"{JOURNAL}/?limit=0")["results"]
    return sorted(rows, key=lambda row: int(row["id"]))


def updates(netbox: NetBox, number: int) -> list[dict[str, Any]]:
    """The changes of a machine after it was made."""
    query = "changed_object_type=virtualization.virtualmachine&limit=0"
    rows = netbox.call("GET", f"core/object-changes/?{query}")["results"]
    return [row for row in rows if row["action"]["value"] == "update" and row["changed_object_id"] == number]


@asynccontextmanager
async def reporting(
    url: str,
    shown: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    read: float = 60.0,
    token: str = TOKEN,
    **settings: Any,
) -> AsyncGenerator[Report]:
    """What a process has that just began; `shown` is what it read."""
    line = Line(Access(url, lambda: Secret(token), "", 3.0, read))
    seen = shown or {}
    means = Means("home", line, seen.get, seen.get, time.time, lambda: 0.0)
    try:
        yield Report(WriteBack.model_validate(settings), means)
    finally:
        await line.close()
