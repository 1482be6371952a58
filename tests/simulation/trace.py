"""What happened, in order, as one hash: the same for the same seed. The last lines are kept for whoever reads a failure."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable

KEPT = 400
"""Lines that a failure shows at most."""


class Trace:
    """Every event of a run."""

    def __init__(self, now: Callable[[], float], *, keep: int = KEPT) -> None:
        self._now = now
        self._hash = hashlib.blake2b(digest_size=12)
        self.last: deque[str] = deque(maxlen=keep)
        self.counts: Counter[str] = Counter()

    def note(self, kind: str, what: str = "") -> None:
        """One event; `kind` is counted."""
        line = f"{self._now():12.3f} {kind} {what}"
        self._hash.update(line.encode())
        self.last.append(line)
        self.counts[kind] += 1

    def digest(self) -> str:
        """Everything so far as one text."""
        return self._hash.hexdigest()
