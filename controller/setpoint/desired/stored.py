"""A resource as JSON and back, for what is kept between runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import API_VERSION, Resource
from setpoint.model.tree import Tree


class _Place(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    line: int
    column: int
    source: str


class _Stored(BaseModel):
    """The form on disk; keys as text, places by pointer."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Literal["setpoint.dev/v1"]
    key: str
    spec: dict[str, Any]
    policy: Policy
    origin: _Place
    spec_hash: str
    target: str | None
    references: tuple[str, ...]
    labels: dict[str, str]
    formerly: str | None
    origins: dict[str, _Place]


def resource_to_json(resource: Resource) -> Tree:
    """Plain data that `json.dumps` takes; the spec stays raw, as it was written."""
    return {
        "version": API_VERSION,
        "key": str(resource.key),
        "spec": resource.spec,
        "policy": resource.policy.model_dump(mode="json", by_alias=True),
        "origin": _place(resource.origin),
        "spec_hash": resource.spec_hash,
        "target": str(resource.target) if resource.target else None,
        "references": [str(key) for key in resource.references],
        "labels": dict(resource.labels),
        "formerly": str(resource.formerly) if resource.formerly else None,
        "origins": {pointer: _place(origin) for pointer, origin in resource.origins.items()},
    }


def resource_from_json(data: Tree) -> Resource:
    """The resource that `resource_to_json` was given.

    Raises:
        ValueError: the data has another form, e.g. because another version of Setpoint wrote it.
    """
    stored = _Stored.model_validate(data)
    return Resource(
        key=Key.parse(stored.key),
        spec=stored.spec,
        policy=stored.policy,
        origin=_origin(stored.origin),
        spec_hash=stored.spec_hash,
        target=Key.parse(stored.target) if stored.target else None,
        references=tuple(Key.parse(key) for key in stored.references),
        labels=stored.labels,
        formerly=Key.parse(stored.formerly) if stored.formerly else None,
        origins={pointer: _origin(place) for pointer, place in stored.origins.items()},
    )


def _place(origin: Origin) -> Tree:
    return {"path": origin.path, "line": origin.line, "column": origin.column, "source": origin.source}


def _origin(place: _Place) -> Origin:
    return Origin(place.path, place.line, place.column, place.source)
