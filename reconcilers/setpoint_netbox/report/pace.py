"""How fast is written: NetBox is to have most of its time for people, so the slower it answers the longer it is left alone."""

from __future__ import annotations

from typing import Final

SHARE: Final = 0.25
"""Of the time of one of NetBox's workers."""
LONGEST: Final = 5.0


def rest(spent: float) -> float:
    """Seconds to wait after calls that took `spent` seconds."""
    return min(spent * (1 / SHARE - 1), LONGEST)
