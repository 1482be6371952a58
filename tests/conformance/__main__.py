"""`python -m tests.conformance`: replays the recorded exchanges and reports; exit 1 on what has no explanation."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.check import check_run
from tests.conformance.lab import EMULATORS, emulator
from tests.conformance.load import count_entries, reference, systems, trace_files
from tests.conformance.report import Result, Tally, as_json, complaints, differences, last_line, table
from tests.conformance.systems import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _options(arguments)
    root = reference()
    if not root.is_dir():
        _print([f"there are no recorded exchanges at {root}; set SETPOINT_REFERENCE"])
        return 1
    chosen = [system for system in systems(root) if options.system in {"", system}]
    results = [result for system in chosen for result in _results(root, system, options.file, options.seed)]
    absent = [system for system in chosen if system not in EMULATORS]
    if options.output == "json":
        _print([json.dumps([as_json(result) for result in results], indent=1)])
    else:
        shown = [line for result in results for line in differences(result, options.entry)]
        _print([*(shown if options.diff else []), *_text(root, results, absent)])
    return 0 if all(result.good for result in results) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--file", default="", metavar="SUBSTRING", help="only files, or folders, whose name contains this"
    )
    parser.add_argument("--system", default="", choices=["", *SYSTEMS], help="only this one")
    parser.add_argument("--diff", action="store_true", help="show every difference")
    parser.add_argument("--entry", default="", metavar="SUBSTRING", help="only differences of such entries")
    parser.add_argument("--seed", type=int, default=0, help="of the emulator's random choices")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    return parser.parse_args(arguments)


def _results(root: Path, system: str, substring: str, seed: int) -> Iterator[Result]:
    if system not in EMULATORS:
        return
    held = SYSTEMS[system]
    paths = [path for path in held.traces(root) if substring in path.name]
    if paths:
        with emulator(system, seed) as base_url:
            play = held.player(root, base_url)
            for path in paths:
                yield check_run(play(held.load(root, path)))


def _text(root: Path, results: list[Result], absent: list[str]) -> list[str]:
    tables = [
        table(result for result in results if result.trace.system == system)
        for system in dict.fromkeys(result.trace.system for result in results)
    ]
    missing = [
        f"{system}: no emulator yet, {sum(map(count_entries, trace_files(root, system)))} entries"
        for system in absent
    ]
    failed = [line for result in results for line in complaints(result)]
    total = sum((result.tally for result in results), Tally())
    return [*(line for lines in tables for line in [*lines, ""]), *missing, *failed, last_line(total)]


def _print(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
