"""The JSON forms in which the estate is shown, by the socket and by a command line that reads the store itself.

Field names are camelCase and stable; times are UTC as `2026-01-31T12:00:00Z`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from setpoint.decide.lifecycle import next_rebuild
from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.errors import DeclarationProblem, SetpointError
from setpoint.model.freeze import Freeze
from setpoint.model.hold import Hold
from setpoint.model.key import Key
from setpoint.model.measure import Measured
from setpoint.model.outcome import Done
from setpoint.model.resource import Resource
from setpoint.store.records import Event, EventKind, Item, Status

View: TypeAlias = dict[str, Any]
PENDING = "Pending"
"""The outcome shown of a resource that was not looked at yet."""


@dataclass(frozen=True)
class SourceView:
    """How the source stands; `token` is what `approve` takes to follow a rewritten history."""

    name: str
    version: str
    good: bool
    sentence: str
    looked_at: float
    token: str = ""
    notes: tuple[str, ...] = ()


def time_text(at: float | None) -> str | None:
    """A moment as people and programs read it."""
    if not at:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def source_view(source: SourceView) -> View:
    """Where the declarations come from and how the last look at it went."""
    return {
        "name": source.name,
        "version": source.version,
        "good": source.good,
        "sentence": source.sentence,
        "lookedAt": time_text(source.looked_at),
        "token": source.token,
        "notes": list(source.notes),
    }


def problem_view(problem: DeclarationProblem) -> View:
    """One mistake in the manifests."""
    return {
        "file": problem.origin.path,
        "line": problem.origin.line,
        "column": problem.origin.column,
        "field": problem.field,
        "what": problem.what,
        "remedy": problem.remedy,
        "text": str(problem),
    }


def error_view(error: SetpointError) -> View:
    """Why something was not done, and what to do about it; `remedy` is empty where the message says it."""
    return {"error": {"message": error.message, "remedy": error.remedy}}


def resource_view(
    resource: Resource,
    status: Status | None,
    *,
    retained: bool = False,
    lingering: bool = False,
    rebuild: float | None = None,
    order: str | None = None,
) -> View:
    """One declared thing and what is known of it; what was seen under another declaration is Pending again.

    Args:
        resource: what is declared.
        status: as it was seen last.
        retained: its declaration is broken now, and it is kept as it was.
        lingering: it is declared no more, and stays for what it holds.
        rebuild: when it is made anew by schedule, seconds since the epoch.
        order: what somebody ordered of it that is not done yet.
    """
    return {
        **_name(resource.key),
        "target": str(resource.target) if resource.target else None,
        "origin": str(resource.origin),
        "drift": str(resource.policy.drift),
        "labels": dict(resource.labels),
        "retained": retained,
        "lingering": lingering,
        **_verdict(resource, status),
        "lookedAt": time_text(status.reconciled_at) if status else None,
        "inSyncAt": time_text(status.in_sync_at) if status else None,
        "renewedAt": time_text(status.renewed_at) if status else None,
        "driftSince": time_text(status.drift_since) if status else None,
        "rebuildAt": time_text(rebuild),
        "order": order,
        "known": status.known if status else False,
        "attempts": status.attempts if status else 0,
        "version": status.version if status else "",
        "conditions": [_condition(one) for one in status.conditions] if status else [],
        "changes": [change_view(one) for one in status.changes] if status else [],
        "holds": [hold_view(one) for one in status.holds] if status else [],
        "detail": (status.detail if status else None) or {},
        "outputs": (status.outputs if status else None) or {},
        "notes": status.notes if status else {},
        "measured": _measured(status.measured) if status and status.measured else None,
    }


def _measured(measured: Measured) -> View:
    """The numbers of what was seen, by the end of their metric's name, each with the values of its labels."""
    numbers = {
        name: [{"labels": list(labels), "value": value} for labels, value in taken]
        for name, taken in measured.numbers.items()
    }
    return {"at": time_text(measured.at), "numbers": numbers}


def rebuild_of(resource: Resource, item: Item | None, now: float) -> float | None:
    """When it is made anew by schedule, seconds since the epoch; None when that is not to come, or not known yet."""
    lifecycle = resource.policy.lifecycle
    return next_rebuild(lifecycle, item.age, now) if lifecycle is not None and item is not None else None


def is_in_sync(resource: Resource, status: Status) -> bool:
    """Whether it was seen as it is declared now, and well."""
    ready = _ready(status)
    settled = status.outcome == Done.__name__ and status.spec_hash == resource.spec_hash
    return settled and ready is not None and ready.status is Truth.TRUE


def _verdict(resource: Resource, status: Status | None) -> View:
    ready = _ready(status)
    if status is None or ready is None or status.spec_hash != resource.spec_hash:
        what = "not looked at yet" if status is None else "its declaration is new and not looked at yet"
        return {
            "outcome": PENDING,
            "ready": str(Truth.UNKNOWN),
            "reason": PENDING,
            "sentence": what,
            "since": None,
        }
    return {
        "outcome": status.outcome,
        "ready": str(ready.status),
        "reason": ready.reason,
        "sentence": status.sentence if ready.status is Truth.TRUE else ready.message,
        "since": time_text(ready.since),
    }


def waiting_view(key: Key, problem: DeclarationProblem) -> View:
    """One declaration that is valid and needs another that is not."""
    return {"key": str(key), **problem_view(problem)}


def released_view(item: Item) -> View:
    """One object that is ours and declared no more."""
    return {
        **_name(item.key),
        "target": str(item.target),
        "identity": dict(item.identity),
        "seenAt": time_text(item.seen_at),
    }


def drift_views(resources: Mapping[Key, Resource], statuses: Iterable[Status]) -> list[View]:
    """Every field that differs, with both values, why, and since when."""
    rows: list[View] = []
    for status in statuses:
        resource = resources.get(status.key)
        if resource is not None:
            rows += [
                {
                    **_name(status.key),
                    **change_view(change),
                    "since": time_text(_since(change, status)),
                    "drift": str(resource.policy.drift),
                    "lookedAt": time_text(status.reconciled_at),
                }
                for change in status.changes
            ]
    return rows


def recent_views(present: Iterable[View], events: Iterable[Event]) -> list[View]:
    """What was changed by hand and differs no more, each field once, newest first."""
    told = {(row["key"], row["path"]) for row in present}
    rows: list[View] = []
    for event in events:
        for change in event.changes if event.kind is EventKind.DRIFT and event.key else ():
            place = str(event.key), change.path
            if place not in told:
                told.add(place)
                rows.append({"key": str(event.key), **change_view(change), "foundAt": time_text(event.at)})
    return rows


def change_view(change: Change) -> View:
    """One difference; `observed` is null and `missing` true when nothing is there, `removed` when nothing should be."""
    missing = change.observed is MISSING
    return {
        "path": change.path,
        "desired": None if change.desired is MISSING else change.desired,
        "removed": change.desired is MISSING,
        "observed": None if missing else change.observed,
        "missing": missing,
        "cause": str(change.cause),
        "accepted": change.accepted,
        "fixed": change.fixed,
        "later": change.later,
        "note": change.note,
    }


def hold_view(hold: Hold) -> View:
    """One rule that stops something, and what and who releases it; `passing` when that comes by itself."""
    return {
        "rule": str(hold.rule),
        "why": hold.why,
        "release": hold.release,
        "releasedBy": str(hold.releaser),
        "token": hold.token,
        "passing": hold.passing,
        "until": time_text(hold.until),
    }


def freeze_views(freezes: Iterable[Freeze], now: float) -> list[View]:
    """What is frozen or paused now."""
    return [freeze_view(freeze) for freeze in freezes if freeze.in_force(now)]


def freeze_view(freeze: Freeze) -> View:
    """One freeze, who can say why, and the command that ends it."""
    return {
        "scope": str(freeze.scope),
        "name": freeze.name,
        "by": freeze.by,
        "why": freeze.why,
        "since": time_text(freeze.at),
        "until": time_text(freeze.until),
        "sentence": str(freeze),
        "release": freeze.release,
    }


def event_view(event: Event) -> View:
    """One line of the history."""
    return {
        "at": time_text(event.at),
        "key": str(event.key) if event.key else None,
        "kind": str(event.kind),
        "sentence": event.sentence,
        "version": event.version,
        "actor": event.actor,
        "reconcileId": event.reconcile_id,
        "changes": [change_view(one) for one in event.changes],
    }


def _name(key: Key) -> View:
    return {"key": str(key), "namespace": key.namespace, "kind": key.kind, "name": key.name}


def _condition(condition: Condition) -> View:
    return {
        "type": str(condition.type),
        "status": str(condition.status),
        "reason": condition.reason,
        "message": condition.message,
        "since": time_text(condition.since),
        "observedGeneration": condition.observed_generation,
    }


def _ready(status: Status | None) -> Condition | None:
    conditions = status.conditions if status else ()
    return next((one for one in conditions if one.type is ConditionType.READY), None)


def _since(change: Change, status: Status) -> float | None:
    if change.cause is Cause.DRIFT:
        return status.drift_since
    return status.in_sync_at
