"""Every value that is in force for a resource, with the place it comes from: a file, or a kind's default."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from setpoint.desired.remarks import remark
from setpoint.model.origin import BUILTIN, Origin
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.model.tree import Pointer, join, leaves, parts


def effective(
    resource: Resource,
    spec: Spec,
    contributed: Mapping[Pointer, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> list[dict[str, Any]]:
    """Each leaf of the spec, then of the policy, as `{path, value, origin, remark}`.

    `remark` says what of an inventory a value was made of; empty for what is no inventory's.

    Args:
        resource: as it is in force.
        spec: its spec with what was computed.
        contributed: for what others contributed, where and by whom.
        files: of which it was compiled.
    """
    origins: dict[Pointer, Origin | str] = {**resource.origins, **(contributed or {})}
    rows = partial(_rows, origins=origins, files=files or {})
    return [*rows(spec, ""), *rows(resource.policy, "/policy")]


def _rows(
    model: Spec, above: Pointer, origins: Mapping[Pointer, Origin | str], files: Mapping[str, bytes]
) -> list[dict[str, Any]]:
    tree = model.model_dump(mode="json", by_alias=True)
    return [
        {"path": path, "value": value, "origin": str(origin), "remark": _remark(origin, files)}
        for path, value in leaves(tree, above)
        if value is not None or path in origins
        for origin in (_origin(path, origins),)
    ]


def _remark(origin: Origin | str, files: Mapping[str, bytes]) -> str:
    return remark(origin, files.get(origin.path, b"")) if isinstance(origin, Origin) else ""


def _origin(path: Pointer, origins: Mapping[Pointer, Origin | str]) -> Origin | str:
    """Where it was written: itself, the list or text that it is a part of, or the first of its own parts."""
    place = ""
    nearest = origins.get(path)
    for part in parts(path)[:-1]:
        place = join(place, part)
        nearest = nearest or origins.get(place)
    below = sorted(found for found in origins if found.startswith(f"{path}/"))
    return nearest or (origins[below[0]] if below else BUILTIN)
