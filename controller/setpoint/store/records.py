"""What a row means: frozen values that the store gives and takes. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from setpoint.model.condition import Condition
from setpoint.model.diff import Change
from setpoint.model.hold import Hold
from setpoint.model.identity import Identity
from setpoint.model.key import Key
from setpoint.model.lifecycle import Age
from setpoint.model.measure import Measured
from setpoint.model.plan import Disruption, Restarts
from setpoint.model.tree import Json, Pointer, Tree


@dataclass(frozen=True)
class Status:
    """What is known of one resource after its last reconcile (rebuildable).

    Attributes:
        spec_hash: of the declaration that was reconciled; empty for a released one.
        version: of the desired set, for provenance.
        outcome: the name of the outcome, e.g. `Done`.
        sentence: what happened, for people.
        changes: what differs; empty when in sync. Only meaningful while `known`.
        known: whether the object could be observed at all.
        attempts: failures in a row.
        handled: number of the last resync request that was answered by this reconcile.
        in_sync_at: when it was last seen in sync; None when never.
        drift_since: since when a difference nobody declared has been seen; None without one.
        detail: what the kind shows of the object.
        outputs: what it publishes for others; kept while it cannot be seen.
        notes: the arithmetic behind what was computed, by its place in the comparable tree.
        measured: the numbers of what was seen last; kept while it cannot be seen.
        renewed_at: when what was seen last was brought into force; None where its kind does not tell.
    """

    key: Key
    spec_hash: str
    version: str
    outcome: str
    sentence: str
    conditions: tuple[Condition, ...]
    reconciled_at: float
    changes: tuple[Change, ...] = ()
    holds: tuple[Hold, ...] = ()
    known: bool = True
    attempts: int = 0
    handled: int = 0
    in_sync_at: float | None = None
    drift_since: float | None = None
    detail: dict[str, Json] | None = None
    outputs: dict[str, Json] | None = None
    notes: dict[Pointer, str] = field(default_factory=dict[Pointer, str])
    measured: Measured | None = None
    renewed_at: float | None = None


@dataclass(frozen=True)
class Item:
    """One object that is ours (rebuildable from marks, but for `applied`).

    Attributes:
        applied: the comparable declared tree that was last in force; None when not known.
        seen_at: when it was last seen present.
        sent: fingerprint of each secret that was last sent with success, by its place in the comparable tree.
        released: it left the declarations and is left alone.
        restarts: those for changes that still wait for one.
        age: how old it is, for what is wiped by schedule.
        changing: when a change of a member of a group began that it was not seen well after; 0 without one.
    """

    key: Key
    target: Key
    identity: Identity
    applied: Tree | None
    seen_at: float
    released: bool = False
    sent: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    restarts: Restarts = field(default_factory=Restarts)
    age: Age = field(default_factory=Age)
    changing: float = 0.0


@dataclass(frozen=True)
class Reservation:
    """A number that belongs to a key before anything bears it (irreplaceable)."""

    target: Key
    space: str
    number: int
    key: Key
    at: float


@dataclass(frozen=True)
class Disrupted:
    """A step that was begun and restarts or destroys something (irreplaceable)."""

    key: Key
    at: float
    target: Key
    disruption: Disruption


class EventKind(StrEnum):
    """What the history tells."""

    STEP = "step"
    """A step was begun, with the fields that it changes."""
    OUTCOME = "outcome"
    """A reconcile ended otherwise than the one before."""
    DRIFT = "drift"
    """A difference that nobody declared was found, with both values."""
    DECLARED = "declared"
    """A commit declared it, changed its declaration, or broke it."""
    RELEASED = "released"
    """It left the declarations; its object is left alone."""
    UNDELETED = "undeleted"
    """Somebody took a deletion back."""
    FORGOTTEN = "forgotten"
    """Somebody let go of an object."""
    APPROVED = "approved"
    """Somebody approved what was held."""
    FROZEN = "frozen"
    """Somebody froze or paused something, and why."""
    THAWED = "thawed"
    """Somebody ended a freeze or a pause."""
    ORDERED = "ordered"
    """Somebody wanted something done at once, or for one time otherwise than declared."""
    RESYNC = "resync"
    """Somebody asked to look now."""
    SOURCE = "source"
    """Another version of the source is in force, or the source is in trouble."""


@dataclass(frozen=True)
class Event:
    """One line of the audit (irreplaceable). `key` is None for what concerns the whole estate.

    Attributes:
        actor: who caused it: a commit's author, a user of the socket, or `setpoint`.
    """

    at: float
    kind: EventKind
    sentence: str
    key: Key | None = None
    version: str = ""
    actor: str = "setpoint"
    reconcile_id: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Approval:
    """What a person released (irreplaceable); `token` is what a hold or a source asked for."""

    token: str
    by: str
    at: float


@dataclass(frozen=True)
class Layer:
    """The last good content of a source (rebuildable); `source` begins with `@` for an inventory."""

    source: str
    version: str
    fetched_at: float
    files: Mapping[str, bytes]
