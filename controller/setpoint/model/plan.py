"""What would be done, step by step; and what an act answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from setpoint.model.diff import Change
from setpoint.model.hold import Hold
from setpoint.model.identity import Identity, Reserve
from setpoint.model.tree import Json, Pointer


class Disruption(IntEnum):
    """What a step does to what is running, gentlest first. To stop something for good is declared; a restart is not."""

    NONE = 0
    HOT = 1
    STOP = 2
    RESTART = 3
    RECREATE = 4
    DESTROY = 5


@dataclass(frozen=True)
class Obstacle:
    """Why a difference cannot be corrected; `passing` when that ends by itself."""

    why: str
    remedy: str
    passing: bool = False


@dataclass(frozen=True)
class Consent:
    """What a person has to agree to before a step is taken, because it goes far.

    Attributes:
        why: one sentence that says what would happen.
        subject: names exactly what is agreed to. An agreement lasts for ever and holds for the same subject of the same
            key again, so it has to tell this time from others, e.g. by the version of what is seen.
        again: it asks for no more than to try or to finish something; whoever orders it at once has agreed to that.
    """

    why: str
    subject: Json
    again: bool = False


@dataclass(frozen=True)
class Step:
    """One effect.

    Attributes:
        verb: names the act of the kind.
        summary: one line in the imperative, e.g. `set cores to 4`.
        arguments: plain data for the act; goes to the journal, so never a secret.
        scopes: the scarce parts of the target that it uses until it has ended, e.g. `node/pve1`, `storage/ceph`.
        obstacle: why the step cannot be taken at all; it is shown and held, and its verb names no act.
        details: what it comes to beyond what is compared, such as the packages of a system; a text shows the first of them.
        then: a step that this one makes necessary, where that is known already; it is shown, and planned for good once
            it is seen to be needed.
        reserve: an id to reserve before the step; the engine adds it to the identity.
        consent: what a person has to agree to first; None for a step that needs nobody.
    """

    verb: str
    summary: str
    changes: tuple[Change, ...] = ()
    disruption: Disruption = Disruption.NONE
    arguments: Mapping[str, Json] = field(default_factory=dict[str, Json])
    reserve: Reserve | None = None
    scopes: tuple[str, ...] = ()
    obstacle: Obstacle | None = None
    then: Step | None = None
    consent: Consent | None = None
    details: tuple[Change, ...] = ()


def waiting(step: Step) -> dict[Pointer, str]:
    """What a step restarts for, as text by its place; empty for a step that restarts nothing."""
    if step.disruption is not Disruption.RESTART:
        return {}
    return {change.path: json.dumps(change.desired, sort_keys=True) for change in step.changes}


def obstructed(why: str, remedy: str, changes: tuple[Change, ...], *, passing: bool = False) -> Step:
    """A step that only says what cannot be done."""
    return Step("none", why, changes, obstacle=Obstacle(why, remedy, passing))


@dataclass(frozen=True)
class PlannedStep:
    """A step with what holds it; free to act when `holds` is empty."""

    step: Step
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class Restarts:
    """The restarts for changes that wait for one, until none waits any more.

    Attributes:
        ended: what a restart that ended well was to bring into force, as text by its place.
        begun: how many were begun, whatever came of them.
        at: when the last one began, seconds since the epoch; 0 without one.
    """

    ended: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    begun: int = 0
    at: float = 0.0


@dataclass(frozen=True)
class Intent:
    """What the journal keeps of the step under way: written before the effect, cleared after it was seen.

    Attributes:
        scopes: as of the step; they stay in use until the operation has ended.
        prints: fingerprints of the secrets that the step sends, by their place in the comparable tree.
        waiting: what the step restarts for, as text by its place.
        operation: the target's own id of the long operation that the step started, once known.
        began: seconds since the epoch.
        doubted: when its reply was found to be lost, seconds since the epoch; 0 while it is not. The target may
            still execute it some time after that.
        notes: what the act wrote down on its way, for whoever finds what it left when it was cut off.
    """

    verb: str
    identity: Identity
    arguments: Mapping[str, Json]
    began: float
    scopes: tuple[str, ...] = ()
    prints: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    operation: str = ""
    doubted: float = 0.0
    waiting: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    notes: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True)
class Applied:
    """The act's effect is in force; `note` is shown in the history."""

    note: str = ""


@dataclass(frozen=True)
class Started:
    """The act began a long operation; it is polled by its id."""

    operation: str


ActResult: TypeAlias = Applied | Started


@dataclass(frozen=True)
class Running:
    """The operation goes on; `progress` is a short text."""

    progress: str = ""


@dataclass(frozen=True)
class Finished:
    """The operation ended; `error` is empty when it ended well."""

    error: str = ""


OperationState: TypeAlias = Running | Finished
