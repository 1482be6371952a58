"""The JSON forms in which inventories are shown: how each is, and what it says otherwise than a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from setpoint.desired.files import inventory_of
from setpoint.model.conflict import Conflict
from setpoint.model.inventory import PREFIX
from setpoint.model.key import Key
from setpoint.run.estate import Estate, Telling
from setpoint.store.store import Store
from setpoint.surface.views import View, time_text

if TYPE_CHECKING:
    from setpoint.run.estate import Estate
    from setpoint.store.store import Store

REMEMBERED = "what was read then was in force when the daemon stopped"
"""How an inventory is while no daemon runs."""


def inventory_views(estate: Estate) -> list[View]:
    """Every inventory that the settings name, by name."""
    return [_view(estate, name) for name in sorted(estate.inventories)]


def _view(estate: Estate, name: str) -> View:
    state, share = estate.inventories[name], estate.shares.get(name)
    telling = estate.telling.get(name, Telling())
    return {
        "name": name,
        "version": share.content.version if share is not None else "",
        "good": state.good,
        "sentence": state.sentence,
        "lookedAt": time_text(state.at),
        "readAt": time_text(state.fetched),
        "sheets": share.sheets if share is not None else 0,
        "token": state.token,
        "notes": list(share.notes) if share is not None else [],
        "untold": telling.left,
        "untoldWhy": telling.problem,
    }


def remembered_inventories(store: Store) -> list[View]:
    """What is known of inventories without a daemon."""
    return [
        {
            "name": source.removeprefix(PREFIX),
            "version": version,
            "good": False,
            "sentence": REMEMBERED,
            "lookedAt": None,
            "readAt": time_text(at),
            "sheets": None,
            "token": "",
            "notes": [],
            "untold": None,
            "untoldWhy": "",
        }
        for source, version, at in store.kept_layers()
        if source.startswith(PREFIX)
    ]


def left_out(estate: Estate) -> list[str]:
    """What inventories left out and why, with their names."""
    return [f"{name}: {note}" for name, share in sorted(estate.shares.items()) for note in share.notes]


def conflict_views(estate: Estate) -> list[View]:
    """Every field that an inventory gives otherwise than the manifest above it."""
    return conflict_rows(estate.conflicts)


def conflict_rows(conflicts: Mapping[Key, Iterable[Conflict]]) -> list[View]:
    """Each of these."""
    return [conflict_view(key, one) for key, found in sorted(conflicts.items()) for one in found]


def conflict_view(key: Key, conflict: Conflict) -> View:
    """One such field, with both values and where they are written."""
    return {
        "key": str(key),
        "path": conflict.pointer,
        "inventory": inventory_of(conflict.sheet_origin.path),
        "value": conflict.value,
        "origin": str(conflict.origin),
        "sheetValue": conflict.sheet_value,
        "sheetOrigin": str(conflict.sheet_origin),
        "remark": conflict.remark,
        "text": conflict_text(key, conflict),
    }


def conflict_text(key: Key, conflict: Conflict) -> str:
    """Both values and what to do, in one sentence."""
    place, name = conflict.pointer.lstrip("/"), inventory_of(conflict.sheet_origin.path)
    source = conflict.remark or str(conflict.sheet_origin)
    return (
        f"{key}: {place}: {conflict.origin} says {conflict.value}, which counts, and {name} says {conflict.sheet_value} "
        f"({source}); correct one of both, or leave it out of policy.take.{name}"
    )
