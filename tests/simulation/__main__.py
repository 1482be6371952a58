"""`make simulate SEEDS=n FIRST=k`: so many storms, each from its seed; `--digests` prints what they came to."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator

from tests.simulation.report import Report, failure
from tests.simulation.simulation import Result, simulate


def main(arguments: list[str]) -> int:
    given = parse(arguments)
    began, report = time.monotonic(), Report()
    for result in run(range(given.first, given.first + given.seeds), given.processes):
        report.add(result)
        if given.digests:
            tell(f"{result.seed} {result.digest}")
        if result.broken:
            tell("\n".join(failure(result)))
    if not given.digests:
        tell("\n".join(report.lines(time.monotonic() - began)))
    return 1 if report.broken else 0


def run(seeds: range, processes: int) -> Iterator[Result]:
    """The results in the order of the seeds."""
    if processes <= 1 or len(seeds) <= 1:
        yield from map(simulate, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(simulate, seeds, chunksize=4)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--digests", action="store_true")
    return parser.parse_args(arguments)


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
