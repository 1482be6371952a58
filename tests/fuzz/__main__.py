"""`python -m tests.fuzz MINUTES [FIRST]`: plays at every target in turn until the time is over; says how to play one again."""

from __future__ import annotations

import sys
import time
import traceback

from tests.fuzz.play import play
from tests.fuzz.targets import TARGETS

ROUND = 20.0
"""Seconds at one target before the next one has its turn."""


def main() -> int:
    """0 when all ended well."""
    minutes = float(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()) * 1000
    end, counts = time.monotonic() + 60 * minutes, dict.fromkeys(TARGETS, 0)
    while (left := end - time.monotonic()) > 0:
        for name, target in TARGETS.items():
            try:
                counts[name] += play(
                    target, first + counts[name], min(ROUND, left / len(TARGETS)), 1 << 62
                ).inputs
            except Exception:  # noqa: BLE001  # whatever it is, it is what was looked for
                traceback.print_exc()
                print(f"again: python -m tests.fuzz 1 FIRST, with the number of the input, at {name}")  # noqa: T201  # a program
                return 1
    print("; ".join(f"{name}: {count} inputs" for name, count in counts.items()))  # noqa: T201  # a program
    return 0


sys.exit(main())
