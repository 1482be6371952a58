"""The fixed set of conditions that every resource shows, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConditionType(StrEnum):
    """Ready is the summary; the others say why."""

    READY = "Ready"
    """It is as declared and nothing is wrong with it: the summary."""
    SYNCED = "Synced"
    """What is declared and what is seen agree."""
    HEALTHY = "Healthy"
    """Its kind finds nothing wrong with it; the reason names the problem, and is listed on the kind's own page."""
    PROGRESSING = "Progressing"
    """Something is being done about it."""
    STALLED = "Stalled"
    """It stays wrong until somebody changes something."""
    HELD = "Held"
    """A rule stops a step; the reason is the rule."""


class Truth(StrEnum):
    """A condition that was never looked at is Unknown."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Condition:
    """One aspect.

    Attributes:
        reason: a CamelCase word for machines.
        message: one sentence for people.
        since: when `status` last flipped, seconds since the epoch.
        observed_generation: the specHash that it speaks about.
    """

    type: ConditionType
    status: Truth
    reason: str
    message: str
    since: float
    observed_generation: str
