"""How what an inventory declares stands, from what is remembered of it: pure, so that nothing is lost with the process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from setpoint.decide.conditions import UNREACHABLE
from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.diff import Cause
from setpoint.model.errors import DeclarationProblem
from setpoint.model.hold import Rule
from setpoint.model.inventory import PREFIX
from setpoint.model.key import Key
from setpoint.model.plan import Disruption
from setpoint.model.printable import brief
from setpoint.model.resource import Resource
from setpoint.model.standing import LONGEST, Happening, Stand, Standing, Weight
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.run.estate import Estate
from setpoint.store.records import Disrupted, Item, Status

RECENT: Final = 86_400.0
"""Seconds for which it is told that something was destroyed."""
STUBBORN: Final = 3
"""Failures in a row after which a note tells of it: one that is over at the next attempt concerns nobody."""
_LEFT_TO_PEOPLE: Final = frozenset({Rule.DRIFT_WARN, Rule.MANAGE})
_NOTES: Final = 5
_BY_OUTCOME: Final = {
    "Changed": Stand.CHANGING,
    "Wait": Stand.CHANGING,
    "Blocked": Stand.BLOCKED,
    "Stalled": Stand.STALLED,
    "Released": Stand.RELEASED,
}


@dataclass(frozen=True)
class Part:
    """What a sheet is about, as far as that follows from what is declared and what left.

    Attributes:
        resource: as declared, or as it was when it left; None as long as nobody knows whose the sheet is.
        mistake: what is wrong with its declaration; empty when nothing is.
        kept_back: why it is not in force although its sheet is sound; empty when it is.
    """

    resource: Resource | None = None
    tombstone: Tombstone | None = None
    mistake: str = ""
    kept_back: str = ""


@dataclass(frozen=True)
class Known:
    """All that a standing is made of.

    Attributes:
        path: of the sheet, without the name of the inventory.
        resource, tombstone, mistake, kept_back: as `Part`.
        destroyed: steps of the last day that made it anew or destroyed something.
    """

    path: str
    resource: Resource | None = None
    status: Status | None = None
    item: Item | None = None
    tombstone: Tombstone | None = None
    mistake: str = ""
    destroyed: tuple[Disrupted, ...] = ()
    kept_back: str = ""


def sheet_of(resource: Resource) -> str:
    """The path of the sheet that has a part in it, the name of its inventory before it; empty when none has."""
    places = (resource.origin.path, *resource.through)
    return next((path for path in places if path.startswith(PREFIX)), "")


def parts_of(estate: Estate, inventory: str) -> dict[str, Part]:
    """What each sheet of an inventory is about, by its path without the name of that."""
    prefix = f"{PREFIX}{inventory}/"
    mistakes = {one.origin.path: _told(one) for one in estate.problems if one.origin.path.startswith(prefix)}
    found = {path.removeprefix(prefix): Part(mistake=told) for path, told in mistakes.items()}
    for path, resource, tombstone in _parts(estate, prefix):
        declared = tombstone is None
        found[path.removeprefix(prefix)] = Part(
            resource,
            tombstone,
            mistakes.get(path, "") if declared else "",
            _kept_back(estate, resource) if declared else "",
        )
    return found


def standing(known: Known) -> Standing:
    """How it stands."""
    status, item = known.status, known.item
    phase, sentence = _phase(known)
    return Standing(
        key=known.resource.key if known.resource is not None else None,
        path=known.path,
        phase=phase,
        sentence=brief(sentence, LONGEST),
        spec_hash=status.spec_hash if status is not None else "",
        identity=dict(item.identity) if item is not None else {},
        outputs=status.outputs or {} if status is not None else {},
        drift=tuple(c.path for c in status.changes if c.cause is Cause.DRIFT) if status is not None else (),
        happened=tuple(sorted(_happened(known, phase)))[-_NOTES:],
    )


def _parts(estate: Estate, prefix: str) -> Iterator[tuple[str, Resource, Tombstone | None]]:
    """Each sheet with a resource that it is about; of several the one that counts comes last."""
    left = ((one.resource, one) for one in estate.store.tombstones().values())
    there = ((one, None) for one in chain(estate.resources.values(), estate.dormant.values()))
    heads: dict[str, tuple[int, float, int]] = {}
    for resource, tombstone in chain(left, there):
        path = sheet_of(resource)
        if path.startswith(prefix) and (rank := _rank(resource, tombstone)) <= heads.get(path, rank):
            heads[path] = rank
            yield path, resource, tombstone


def _rank(resource: Resource, tombstone: Tombstone | None) -> tuple[int, float, int]:
    """The least speaks for the sheet: what is declared, and of that the head, for what it makes beside stands further down."""
    if tombstone is None:
        return 0, resource.origin.line, resource.origin.column
    return 1 if tombstone.active else 2, -tombstone.left_at, 0


def _told(problem: DeclarationProblem) -> str:
    what = f"{problem.field}: {problem.what}" if problem.field else problem.what
    return f"{what}; {problem.remedy}" if problem.remedy else what


def _kept_back(estate: Estate, resource: Resource) -> str:
    """Why what is declared is not what is in force, be its own sheet sound."""
    problem = estate.suspended.get(resource.key)
    if problem is not None:
        return f"what it needs is not valid: {_told(problem)}"
    if resource.key in estate.retained:
        return "what else declares it has a mistake, so it stays as it was; `setpoint validate` tells it"
    return ""


def destroyed_of(estate: Estate) -> Mapping[Key, tuple[Disrupted, ...]]:
    """The steps of the last day that made something anew or destroyed it."""
    since = estate.ports.now() - RECENT
    found: dict[Key, tuple[Disrupted, ...]] = {}
    for one in estate.store.disruptions():
        if one.disruption >= Disruption.RECREATE and one.at > since:
            found[one.key] = (*found.get(one.key, ()), one)
    return found


def _phase(known: Known) -> tuple[Stand, str]:
    status = known.status
    if known.tombstone is not None:
        return _leaving(known.tombstone, status)
    if known.mistake:
        return Stand.INVALID, known.mistake
    if known.kept_back:
        return Stand.BLOCKED, known.kept_back
    if known.resource is None or status is None or status.spec_hash != known.resource.spec_hash:
        return Stand.PENDING, "declared, and not looked at since"
    return _of(status), _condition(status, ConditionType.READY).message or status.sentence


def _of(status: Status) -> Stand:
    match status.outcome:
        case "Done":
            unwell = _condition(status, ConditionType.HEALTHY).status is Truth.FALSE
            return Stand.UNHEALTHY if unwell else Stand.IN_SYNC
        case "Held":
            left = {hold.rule for hold in status.holds} <= _LEFT_TO_PEOPLE and status.drift_since is not None
            return Stand.DRIFTED if left else Stand.HELD
        case "Failed":
            away = _condition(status, ConditionType.SYNCED).reason == UNREACHABLE
            return Stand.BLOCKED if away else Stand.FAILED
        case other:
            return _BY_OUTCOME.get(other, Stand.PENDING)


def _leaving(tombstone: Tombstone, status: Status | None) -> tuple[Stand, str]:
    match tombstone.phase:
        case Phase.GONE:
            return Stand.DELETED, "it was deleted"
        case Phase.KEPT:
            return Stand.RELEASED, "somebody took its deletion back, and it is left alone"
        case _:
            return Stand.DELETING, status.sentence if status is not None else "it is to be deleted"


_UNKNOWN: Final = Condition(ConditionType.READY, Truth.UNKNOWN, "", "", 0.0, "")


def _condition(status: Status, kind: ConditionType) -> Condition:
    return next((one for one in status.conditions if one.type is kind), _UNKNOWN)


def _happened(known: Known, phase: Stand) -> Iterator[Happening]:
    for one in known.destroyed:
        reason, sentence = _DESTROYED[one.disruption]
        yield Happening(one.at, reason, sentence, Weight.LOSS, f"{reason} {one.at:.0f}")
    status = known.status
    if status is None or phase in (Stand.INVALID, Stand.PENDING) or known.kept_back:
        return
    if phase is Stand.STALLED or (phase is Stand.FAILED and status.attempts >= STUBBORN):
        since = _condition(status, ConditionType.READY).since
        reason = phase.capitalize()
        yield Happening(since, reason, brief(status.sentence, LONGEST), Weight.BAD, reason)
    for hold in status.holds:
        if hold.token:
            since = _condition(status, ConditionType.HELD).since
            sentence = brief(f"{hold.why} ({hold.release})", LONGEST)
            yield Happening(since, str(hold.rule), sentence, Weight.DECISION, hold.token)


_DESTROYED: Final = {
    Disruption.RECREATE: ("MadeAnew", "a step began that makes it anew; `setpoint history` has it"),
    Disruption.DESTROY: ("Destroyed", "a step began that destroys; `setpoint history` has it"),
}
