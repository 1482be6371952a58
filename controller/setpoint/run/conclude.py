"""What remains of a reconcile: status, inventory, history. The only place that writes them."""

from __future__ import annotations

from dataclasses import replace

from setpoint.decide.conditions import UNREACHABLE, conditions
from setpoint.decide.diff import in_force
from setpoint.model.diff import Cause, Change, Diff
from setpoint.model.kind import Problem
from setpoint.model.measure import Measured
from setpoint.model.observation import Absent, Present
from setpoint.model.outcome import Blocked, Changed, Failed, Held, Outcome, Stalled, Wait
from setpoint.model.plan import Restarts
from setpoint.run.desk import Desk, Pass, Report
from setpoint.run.estate import is_ready
from setpoint.run.resolve import treatments
from setpoint.run.wipe import aged
from setpoint.store.records import Event, EventKind, Item, Status
from setpoint.store.store import Store

FINAL = frozenset({"Done", "Held", "Stalled"})
"""Names of the outcomes that stay until somebody changes something."""


def settled(outcome: Outcome) -> bool:
    """Whether the reconcile came to an end that stays until something changes or a retry is due."""
    return not isinstance(outcome, Changed | Wait)


def stepped(report: Report) -> bool:
    """Whether the reconcile took a step, be it one that goes on; to wait for one's turn is none."""
    match report.outcome:
        case Changed():
            return True
        case Wait(idle=False):
            return bool(report.learned.planned)
        case _:
            return False


async def conclude(desk: Desk, report: Report) -> Status:
    """Remember how a reconcile ended, and tell the history what is new about it."""
    key = report.learned.owner.key
    before = desk.store.status(key)
    status = _status(desk, report, before)
    if before is not None and before.in_sync_at and status.drift_since and not before.drift_since:
        desk.ports.meters.drift_found(key.kind, status.reconciled_at - before.in_sync_at)
    item, events = _item(desk, report.learned, status), _events(desk, report, before, status)
    if events or not _merely_seen(desk.store, item, status):
        await desk.calls.call(desk.store.conclude, item, status, events)
    return status


def _merely_seen(store: Store, item: Item | None, status: Status) -> bool:
    """Whether nothing is new but when it was looked at, which memory alone keeps for a while."""
    return (item is None or store.renew_item(item)) and store.renew_status(status)


def _status(desk: Desk, report: Report, before: Status | None) -> Status:
    outcome, learned = report.outcome, report.learned
    now = desk.ports.now()
    changes = learned.found.changes if learned.found else ()
    known = learned.found is not None
    drifted = any(change.cause is Cause.DRIFT for change in changes)
    since = before.drift_since if before else None
    return Status(
        key=learned.owner.key,
        spec_hash=learned.resource.spec_hash,
        version=desk.version,
        outcome=type(outcome).__name__,
        sentence=outcome.sentence,
        conditions=conditions(
            outcome,
            (*_troubles(desk, report), *learned.problems),
            before.conditions if before else (),
            generation=learned.resource.spec_hash,
            now=now,
        ),
        reconciled_at=now,
        changes=changes if known or before is None else before.changes,
        holds=outcome.holds if isinstance(outcome, Held) else (),
        known=known,
        attempts=_attempts(outcome, before),
        handled=desk.requested if settled(outcome) else (before.handled if before else 0),
        in_sync_at=now if _as_declared(learned) else (before.in_sync_at if before else None),
        drift_since=(since or now) if drifted else (None if known else since),
        detail=dict(learned.detail) if learned.detail is not None else (before.detail if before else None),
        outputs=dict(learned.outputs)
        if learned.outputs is not None
        else (before.outputs if before else None),
        notes=dict(learned.notes) if learned.notes is not None else (before.notes if before else {}),
        measured=_measured(learned, before),
        renewed_at=_renewed(learned, before),
    )


def _measured(learned: Pass, before: Status | None) -> Measured | None:
    """The last numbers there were, while nobody knows better: what is gone has none."""
    if learned.measured is not None or isinstance(learned.observation, Absent):
        return learned.measured
    return before.measured if before else None


def _as_declared(learned: Pass) -> bool:
    """Whether it was seen as it is declared; as it was ordered otherwise is not that."""
    return learned.found == Diff() and not (learned.order is not None and learned.order.changes)


def _renewed(learned: Pass, before: Status | None) -> float | None:
    """The last time that was told, while nobody knows better."""
    if learned.observation is not None:
        return learned.renewed
    return before.renewed_at if before else None


def _troubles(desk: Desk, report: Report) -> tuple[Problem, ...]:
    """What is wrong with a target as such; it alone tells of it, however many resources wait for that to end."""
    if report.learned.owner.key != desk.lane.target:
        return ()
    open_ones = desk.lane.gate.troubles()
    if isinstance(report.outcome, Failed):
        return (Problem("TargetDown", report.outcome.sentence),)
    return (Problem("BreakerOpen", "; ".join(map(str, open_ones))),) if open_ones else ()


def _attempts(outcome: Outcome, before: Status | None) -> int:
    if isinstance(outcome, Failed | Stalled):
        return (before.attempts if before else 0) + 1
    return before.attempts if before and isinstance(outcome, Wait) else 0


def _item(desk: Desk, learned: Pass, status: Status) -> Item | None:
    """The inventory's row of what was seen, with how much of the declaration is in force."""
    if learned.item is None or learned.found is None or learned.declared is None:
        return None
    if not isinstance(learned.observation, Present):
        return None
    stored = desk.store.item(learned.item.key)
    if stored is None:
        # It was handed over to another name in the meantime.
        return None
    return replace(
        stored,
        target=desk.lane.target,
        identity=learned.observation.identity,
        applied=in_force(
            learned.declared,
            replace(learned.found, unseen=(*learned.found.unseen, *learned.suspended)),
            treatments(learned),
            applied=stored.applied,
            ignore=learned.resource.policy.ignore,
            exclusive=learned.kind.exclusive(learned.spec),
        ),
        seen_at=desk.ports.now(),
        released=False,
        restarts=_still(stored.restarts, learned.found),
        age=aged(desk, learned, stored),
        changing=0.0 if is_ready(status) else stored.changing,
    )


def _still(restarts: Restarts, found: Diff) -> Restarts:
    """The restarts as long as something waits that one was to bring into force."""
    waits = {change.path for change in found.changes if change.accepted}
    return (
        replace(restarts, ended={p: t for p, t in restarts.ended.items() if p in waits})
        if waits
        else Restarts()
    )


def _events(desk: Desk, report: Report, before: Status | None, after: Status) -> list[Event]:
    """A line for each drift found, each step, and each change of the outcome; none for more of the same."""
    events: list[Event] = []
    fresh = _new_drift(before, after)
    if fresh:
        paths = ", ".join(change.path.lstrip("/") or "it" for change in fresh)
        events.append(_event(desk, after, EventKind.DRIFT, f"drift found: {paths}", fresh))
    if stepped(report):
        events.append(_event(desk, after, EventKind.STEP, after.sentence, after.changes))
    elif not isinstance(report.outcome, Wait | Blocked) and _told(before) != _told(after):
        events.append(_event(desk, after, EventKind.OUTCOME, f"{after.outcome}: {after.sentence}", ()))
    return events


def _new_drift(before: Status | None, after: Status) -> tuple[Change, ...]:
    old = {(c.path, str(c.observed)) for c in (before.changes if before else ()) if c.cause is Cause.DRIFT}
    return tuple(c for c in after.changes if c.cause is Cause.DRIFT and (c.path, str(c.observed)) not in old)


def _told(status: Status | None) -> tuple[str, str, str] | None:
    """What makes an event of its own; not the words in which a target that is down says so, for they tell the time."""
    if status is None:
        return None
    down = any(condition.reason == UNREACHABLE for condition in status.conditions)
    return status.outcome, "" if down else status.sentence, status.spec_hash


def _event(desk: Desk, status: Status, kind: EventKind, sentence: str, changes: tuple[Change, ...]) -> Event:
    return Event(
        at=status.reconciled_at,
        kind=kind,
        sentence=sentence,
        key=status.key,
        version=status.version,
        reconcile_id=desk.reconcile_id,
        changes=changes,
    )
