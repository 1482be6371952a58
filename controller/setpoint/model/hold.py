"""A pure rule's verdict that a step must not go on: why, and who can release it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Rule(StrEnum):
    """The rules that can hold a step, one file each in `decide/holds`."""

    DRIFT_WARN = "DriftWarn"
    """Somebody changed it and `policy.drift` is `warn`: ends with `enforce`, another declaration, or the change taken back."""
    EXISTS = "Exists"
    """What is in its way is not ours: ends with `policy.adopt`, or with another name or id."""
    IDENTITY = "Identity"
    """The target, or the object's id, is not the one that is known: ends with `setpoint approve`, or another declaration."""
    REBOOT_PENDING = "RebootPending"
    """It takes effect after a restart: ends with one, by hand or as `policy.reboot` and `policy.window` allow."""
    RECREATE = "Recreate"
    """It held data, was there and is gone: ends when it is restored, or with `setpoint approve` for an empty one."""
    CONSENT = "Consent"
    """Its kind says that it goes far, and asks first: ends with `setpoint approve`, or another declaration."""
    CREATE_ONLY = "CreateOnly"
    """It can only be chosen at creation: ends with the former declaration, or the change made by hand."""
    IMPOSSIBLE = "Impossible"
    """No call can correct it, such as a smaller disk: the hold itself says what would."""
    MANAGE = "Manage"
    """`policy.manage` leaves such a step to people: ends with another mode, or when it is done by hand."""
    FROZEN = "Frozen"
    """Somebody froze everything, its target, or its kind: ends at the time that was said, or with `setpoint unfreeze`."""
    PAUSED = "Paused"
    """Somebody paused it: ends at the time that was said, or with `setpoint resume`."""
    WINDOW = "Window"
    """It disturbs what runs, outside the hours that `policy.window` or `policy.windows` leaves for that: ends when they begin."""
    BLAST_RADIUS = "BlastRadius"
    """As many of its kind as may be were stopped, restarted or worse within a day: ends with `setpoint approve`, or as the day goes on."""
    TAKEN = "Taken"
    """What is handed out to it is another's as well, or there is none left: ends with another declaration of one of the two."""
    ROLLOUT = "Rollout"
    """Others of its group are under change, not well since, or its canaries: ends when they are in sync, or with `setpoint approve`."""
    SELF = "Self"
    """Setpoint runs on it, or `self` in the settings names it: ends when it is done by hand."""

    SOURCE = "Source"
    """The declarations cannot be read or have mistakes, so nothing is deleted: ends when they are good and complete."""
    DELETION_LIMIT = "DeletionLimit"
    """More of a kind are to be deleted on a target than are in a day: ends with `setpoint approve` for just that set."""
    DELETION = "Deletion"
    """What is to be deleted is not surely ours and unwanted: ends when it is, or with `setpoint forget`."""
    GRACE = "Grace"
    """It is stopped and not destroyed yet: ends after `policy.grace`, or with `setpoint undelete`."""
    RENAMED = "Renamed"
    """What is to be deleted looks like something new: ends with `metadata.formerly`, or with `setpoint approve`."""
    DEPENDANTS = "Dependants"
    """Something else needs what is to be deleted: ends when that is gone."""
    KIND_MISSING = "KindMissing"
    """The package of its kind is not installed: ends when it is."""


class Releaser(StrEnum):
    """Who can end a hold."""

    TIME = "time"
    """Nobody has to: it ends by itself."""
    OPERATOR = "operator"
    """Whoever may hold things, and end that: by the command that the hold names."""
    ADMIN = "admin"
    """Whoever may release what is dangerous: by the command that the hold names."""
    COMMIT = "commit"
    """Whoever may change the declarations."""
    HAND = "hand"
    """Whoever may act on the target itself."""


@dataclass(frozen=True)
class Hold:
    """One sentence says why, one says what releases it.

    Attributes:
        passing: it ends by itself, so the key is looked at again soon.
        until: when it ends by itself, seconds since the epoch; 0 when nobody knows.
        token: what `approve` takes to release exactly this; empty when approval is no way out.
    """

    rule: Rule
    why: str
    release: str
    token: str = ""
    passing: bool = False
    until: float = 0.0

    @property
    def releaser(self) -> Releaser:
        """Who can end it soonest, without touching the target where that can be avoided."""
        if self.token:
            return Releaser.ADMIN
        if self.rule in (Rule.FROZEN, Rule.PAUSED):
            return Releaser.OPERATOR
        if self.passing:
            return Releaser.TIME
        match self.rule:
            case Rule.DELETION | Rule.DELETION_LIMIT:
                return Releaser.ADMIN
            case Rule.RECREATE | Rule.REBOOT_PENDING | Rule.SELF | Rule.KIND_MISSING:
                return Releaser.HAND
            case (
                Rule.DRIFT_WARN
                | Rule.EXISTS
                | Rule.IDENTITY
                | Rule.CONSENT
                | Rule.CREATE_ONLY
                | Rule.IMPOSSIBLE
                | Rule.MANAGE
                | Rule.WINDOW
                | Rule.BLAST_RADIUS
                | Rule.TAKEN
                | Rule.ROLLOUT
                | Rule.SOURCE
                | Rule.GRACE
                | Rule.RENAMED
                | Rule.DEPENDANTS
            ):
                return Releaser.COMMIT
            case _:
                assert_never(self.rule)
