"""`make bench`: measures, prints one table, and writes the same as JSON when asked."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import calls, compiling, hosts, machine, memory, netbox, push, throughput, zones
from tests.bench.child import SideError
from tests.bench.figures import Figure, table
from tests.bench.plan import Plan

PARTS: dict[str, Callable[[Plan], Iterator[Figure]]] = {
    "a": throughput.measure,
    "b": push.measure,
    "c": calls.measure,
    "d": compiling.measure,
    "e": memory.measure,
    "f": memory.status,
    "g": zones.measure,
    "h": hosts.measure,
    "i": netbox.measure,
}


def main(arguments: list[str]) -> None:
    given = parse(arguments)
    found = machine.facts()
    tell(machine.sentence(found))
    figures: list[Figure] = []
    for part in given.only:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="setpoint-bench-") as root:
            profile = Path(f"bench-profile-{part}.txt") if part in given.profile else None
            plan = Plan(Path(root), given.small, given.large, given.rounds, given.runs, profile)
            figures += measured(part, plan)
        sys.stderr.write(f"({part}) took {time.perf_counter() - began:.0f} s\n")
    tell(table(figures))
    if given.json:
        told = {"machine": found, "figures": [figure.as_json() for figure in figures]}
        given.json.write_text(json.dumps(told, indent=2) + "\n")


def measured(part: str, plan: Plan) -> list[Figure]:
    """The figures of a part as far as it came; what stopped it is told as one that missed."""
    figures: list[Figure] = []
    try:
        for figure in PARTS[part](plan):
            figures.append(figure)  # noqa: PERF402  # what came before a failure is kept
    except (SideError, pytest.skip.Exception) as error:  # the latter when this machine lacks a server
        first, _, rest = str(error).partition("\n")
        sys.stderr.write(f"({part}) {first}\n{rest}\n")
        figures.append(Figure(part, "what comes next", "failed", first, "to end", met=False))
    return figures


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", type=_letters, default=list(PARTS), help="the parts to measure, e.g. a,d; all by default"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument(
        "--profile",
        type=_letters,
        default=[],
        help="the parts whose profile is written to bench-profile-*.txt",
    )
    parser.add_argument("--small", type=int, default=Plan.small, help="resources where a few are meant")
    parser.add_argument("--large", type=int, default=Plan.large, help="resources where many are meant")
    parser.add_argument("--rounds", type=int, default=Plan.rounds, help="rounds of each side of a comparison")
    parser.add_argument("--runs", type=int, default=Plan.runs, help="runs of a single figure")
    given = parser.parse_args(arguments)
    given.only = [part for part in PARTS if part in {*given.only, *given.profile}]
    return given


def _letters(text: str) -> list[str]:
    found = [letter for letter in text.replace(",", " ").split() if letter]
    unknown = [letter for letter in found if letter not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}"
        )
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
