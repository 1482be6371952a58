"""What left the declarations, as it is shown: what is to be deleted, what holds it, and how to declare it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from setpoint.decide.deletion import weigh
from setpoint.decide.deletion.limit import allowance
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.run.deletion import scales
from setpoint.run.estate import Estate
from setpoint.store.records import Item, Status
from setpoint.surface.select import UnknownError
from setpoint.surface.views import View, hold_view, time_text

_OF_THE_SET = frozenset({Rule.KIND_MISSING, Rule.SOURCE, Rule.DELETION_LIMIT, Rule.RENAMED, Rule.DEPENDANTS})
"""The rules that are judged anew whenever somebody asks; what a reconcile said of them may be old."""
_NEW = "it was not looked at yet since it left the declarations"


def deletion_views(estate: Estate) -> list[View]:
    """Everything that is to be deleted, with whatever holds it now."""
    weighed = scales(estate).weigh()
    return [
        deletion_view(one.tombstone, weigh(one), estate.store.status(key))
        for key, one in sorted(weighed.items())
    ]


def remembered_views(tombstones: Iterable[Tombstone], statuses: Mapping[Key, Status]) -> list[View]:
    """The same as far as the store tells it."""
    active = sorted((one for one in tombstones if one.active), key=lambda one: one.key)
    return [deletion_view(one, None, statuses.get(one.key)) for one in active]


def deletion_view(tombstone: Tombstone, holds: tuple[Hold, ...] | None, status: Status | None) -> View:
    """One object that is to be deleted.

    Args:
        tombstone: of the object.
        holds: by the rules of the set; None when they are not judged now.
        status: how its last reconcile ended.
    """
    last = status.holds if status is not None and status.reconciled_at >= tombstone.left_at else ()
    found = last if holds is None else (*holds, *(one for one in last if one.rule not in _OF_THE_SET))
    key = tombstone.key
    return {
        "key": str(key),
        "namespace": key.namespace,
        "kind": key.kind,
        "name": key.name,
        "target": str(tombstone.target),
        "phase": str(Phase.HELD if holds else tombstone.phase),
        "leftAt": time_text(tombstone.left_at),
        "version": tombstone.version,
        "until": time_text(max((one.until for one in found), default=0.0)),
        "sentence": _sentence(tombstone, found, status),
        "holds": [hold_view(one) for one in found],
    }


def held_set_views(estate: Estate) -> list[View]:
    """Every set of deletions that waits for a person, with the token that names just that set."""
    return [
        {
            "kind": kind,
            "target": str(target),
            "token": verdict.token,
            "keys": [str(key) for key in sorted(verdict.held)],
            "deletedWithinADay": verdict.counted,
            "inventory": verdict.inventory,
            "allowed": allowance(verdict.inventory),
        }
        for (kind, target), verdict in sorted(scales(estate).verdicts().items())
        if verdict.held
    ]


def waiting_tokens(estate: Estate) -> dict[str, str]:
    """What `approve` takes for a held set, and what that releases."""
    return {
        one["token"]: f"the deletion of {len(one['keys'])} {one['kind']} on {one['target']}"
        for one in held_set_views(estate)
    }


def manifest_of(resource: Resource) -> View:
    """The declaration as it was last in force, layers merged, to be declared again."""
    metadata: dict[str, Any] = {"name": resource.key.name}
    if resource.key.namespace != DEFAULT_NAMESPACE:
        metadata["namespace"] = resource.key.namespace
    if resource.labels:
        metadata["labels"] = dict(resource.labels)
    found: View = {"kind": resource.key.kind, "metadata": metadata}
    if resource.target is not None:
        near = resource.target.namespace in (resource.key.namespace, DEFAULT_NAMESPACE)
        name = resource.target.name
        found["target"] = name if near else f"{resource.target.namespace}/{name}"
    policy = resource.policy.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if policy:
        found["policy"] = policy
    return {**found, "spec": resource.declared.spec}


def find_left(estate: Estate, text: str, namespace: str) -> tuple[Key, Tombstone | None, Item | None]:
    """What left the declarations under that name, and is to be deleted or left alone.

    Raises:
        UnknownError: it is declared, or nothing is known of it.
    """
    try:
        key = Key.parse(text, namespace=namespace)
    except ValueError as error:
        raise UnknownError(str(error)) from None
    if key in estate.resources or key in estate.dormant:
        raise UnknownError(f"{key} is declared", remedy="remove its declaration first")
    tombstone, item = estate.store.tombstone(key), estate.store.item(key)
    if tombstone is not None and tombstone.phase is Phase.GONE:
        tombstone = None
    if tombstone is None and item is None:
        raise UnknownError(
            f"nothing that left the declarations is called {key}", remedy="see setpoint status"
        )
    return key, tombstone, item


def _sentence(tombstone: Tombstone, holds: tuple[Hold, ...], status: Status | None) -> str:
    if holds:
        return "; ".join(f"{one.why} ({one.release})" for one in holds)
    if status is None or status.reconciled_at < tombstone.left_at:
        return _NEW
    return status.sentence
