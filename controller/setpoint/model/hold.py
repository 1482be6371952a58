"""A pure rule's verdict that a step must not go on: why, and who can release it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """The rules that can hold a step, one file each in `decide/holds`."""

    DRIFT_WARN = "DriftWarn"
    EXISTS = "Exists"
    IDENTITY = "Identity"
    REBOOT_PENDING = "RebootPending"
    RECREATE = "Recreate"
    CREATE_ONLY = "CreateOnly"
    IMPOSSIBLE = "Impossible"


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
