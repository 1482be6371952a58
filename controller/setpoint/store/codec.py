"""How values become JSON documents and back. Explicit, so that a changed value never changes the stored form unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from sys import intern
from typing import Any, TypeVar

from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.lifecycle import Age
from setpoint.model.measure import Measured, Number
from setpoint.model.origin import Origin
from setpoint.model.plan import Intent, Restarts
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.store.records import Event, EventKind, Item, Status

T = TypeVar("T")


def encode(value: object) -> str:
    """The JSON document of one of the values below."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def key_text(key: Key) -> str:
    """The stored form of a key; the namespace is always said."""
    return f"{key.namespace}/{key.kind}/{key.name}"


def key_from(text: str) -> Key:
    """The key of its stored form."""
    return Key(*text.split("/", 2))


def status_from(document: str) -> Status:
    """What `encode` made of a Status."""
    return _build(
        Status,
        _loads(document),
        key=key_from,
        conditions=_conditions,
        changes=_changes,
        holds=_holds,
        measured=_measured,
    )


def item_from(document: str) -> Item:
    """What `encode` made of an Item."""
    return _build(Item, _loads(document), key=key_from, target=key_from, restarts=_restarts, age=_age)


def event_from(document: str) -> Event:
    """What `encode` made of an Event."""
    return _build(Event, json.loads(document), kind=EventKind, key=_optional_key, changes=_changes)


def intent_from(document: str) -> Intent:
    """What `encode` made of an Intent."""
    return _build(Intent, json.loads(document), scopes=tuple)


def resource_from(document: str) -> Resource:
    """What `encode` made of a Resource."""
    return _resource(json.loads(document))


def tombstone_from(document: str) -> Tombstone:
    """What `encode` made of a Tombstone."""
    return _build(
        Tombstone,
        json.loads(document),
        resource=_resource,
        phase=Phase,
        alike=lambda keys: tuple(key_from(key) for key in keys),
    )


def _resource(raw: Mapping[str, Any]) -> Resource:
    return _build(
        Resource,
        raw,
        key=key_from,
        policy=Policy.model_validate,
        origin=_origin,
        target=_optional_key,
        references=lambda keys: tuple(key_from(key) for key in keys),
        formerly=_optional_key,
        through=tuple,
        origins=lambda _: {},
        own=lambda own: None if own is None else _resource(own),
    )


def _loads(document: str) -> Any:
    """The plain value, with each text kept once: thousands of documents that stay in memory say much the same."""
    return json.loads(document, object_pairs_hook=_shared)


def _shared(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {intern(name): intern(value) if isinstance(value, str) else value for name, value in pairs}


def _plain(value: Any) -> Any:
    """What the JSON encoder does not know by itself; it takes care of what is inside."""
    match value:
        case Key():
            return key_text(value)
        case Policy():
            return value.model_dump(mode="json", exclude_unset=True)
        case _ if is_dataclass(value):
            # What is no part of what a value is, such as places, is left out.
            members = {field.name: getattr(value, field.name) for field in fields(value) if field.compare}
            # A leaf that is missing is left out, so that no text can be mistaken for it.
            return {name: member for name, member in members.items() if member is not MISSING}
        case _:
            return dict(value)


def _build(made: Callable[..., T], raw: Mapping[str, Any], **readers: Callable[[Any], Any]) -> T:
    """`made` from its plain members; those with a reader are read by it."""
    return made(
        **{name: readers[name](member) if name in readers else member for name, member in raw.items()}
    )


def _optional_key(text: str | None) -> Key | None:
    return None if text is None else key_from(text)


def _restarts(raw: Any) -> Restarts:
    return Restarts(**raw)


def _age(raw: Any) -> Age:
    return Age(**raw)


def _measured(raw: Any) -> Measured | None:
    return None if raw is None else _build(Measured, raw, numbers=_numbers)


def _numbers(raw: Any) -> Mapping[str, tuple[Number, ...]]:
    return {name: tuple((tuple(labels), value) for labels, value in rows) for name, rows in raw.items()}


def _origin(raw: Any) -> Origin:
    return Origin(**raw)


def _conditions(raw: Any) -> tuple[Condition, ...]:
    return tuple(_build(Condition, one, type=ConditionType, status=Truth) for one in raw)


def _holds(raw: Any) -> tuple[Hold, ...]:
    return tuple(_build(Hold, one, rule=Rule) for one in raw)


def _changes(raw: Any) -> tuple[Change, ...]:
    return tuple(_build(Change, {"desired": MISSING, "observed": MISSING, **one}, cause=Cause) for one in raw)
