"""What a person probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12


def remedy(word: str, possible: Iterable[str], *, otherwise: str = "use one of") -> str:
    """`did you mean X?` when something is close, else what there is; empty when there is nothing."""
    known = sorted(set(possible))
    folded = {name.lower().replace("_", ""): name for name in known}
    close = get_close_matches(word.lower().replace("_", ""), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"{otherwise} {listed(known)}" if known else ""


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, cut where it gets long."""
    known = list(names)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more
