"""What the end of a run tells beside its results: the figures that tests took, and where the daemon was killed."""

from __future__ import annotations

from typing import Any

import pytest


def show_figures(reporter: pytest.TerminalReporter) -> None:
    """Every property `figure`, a line each."""
    figures = sorted(map(str, _properties(reporter, "figure")))
    if figures:
        reporter.section("figures")
    for figure in figures:
        reporter.write_line(figure)


def show_kills(reporter: pytest.TerminalReporter) -> None:
    """Every property `kill`: a scenario, its calls, journal writes and tasks, and the kills of one chunk of them."""
    told = [tuple(row) for row in _properties(reporter, "kill")]
    if not told:
        return
    reporter.section("kill -9: points = 3 x calls + journal writes + tasks")
    reporter.write_line(f"{'scenario':24}{'calls':>8}{'journal':>9}{'tasks':>7}{'points':>8}{'killed':>8}")
    for whole in sorted({row[:4] for row in told}):
        name, calls, writes, tasks = whole
        killed = sum(row[4] for row in told if row[:4] == whole)
        points = 3 * calls + writes + tasks
        reporter.write_line(f"{name:24}{calls:>8}{writes:>9}{tasks:>7}{points:>8}{killed:>8}")


def _properties(reporter: pytest.TerminalReporter, wanted: str) -> list[Any]:
    reports = [report for found in reporter.stats.values() for report in found]
    return [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == wanted and getattr(report, "when", "") == "call"
    ]
