"""`make simulate-mutations`: takes one rule of safety after the other away, and says after how many seeds a storm noticed."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from functools import partial

import pytest

from tests.simulation.mutations import MUTATIONS
from tests.simulation.simulation import simulate

SEEDS = 200
"""Within so many each must be noticed."""


def caught(name: str, seeds: int = SEEDS) -> tuple[int, str]:
    """How many seeds it took, and what was noticed; 0 when nothing was."""
    for seed in range(1, seeds + 1):
        with pytest.MonkeyPatch.context() as patch:
            MUTATIONS[name](patch)
            result = simulate(seed)
        if result.broken:
            return seed, result.broken[0].splitlines()[0]
    return 0, ""


def _named(name: str, seeds: int) -> tuple[str, int, str]:
    return name, *caught(name, seeds)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args(arguments)
    names = [name for name in MUTATIONS if given.only in name]
    began, missed = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for name, seeds, why in pool.imap_unordered(partial(_named, seeds=given.seeds), names):
            missed += not seeds
            tell(f"{name:38} {f'after {seeds:3} seeds: {why[:110]}' if seeds else 'NOT NOTICED'}")
    tell(f"{len(names) - missed} of {len(names)} noticed, {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
