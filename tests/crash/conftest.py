"""Tells at the end of a run at how many moments the daemon was killed."""

from __future__ import annotations

import pytest

from tests.crash.ground import made_ground

__all__ = ["made_ground"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found]
    told = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "kill" and getattr(report, "when", "") == "call"
    ]
    if not told:
        return
    terminalreporter.section("kill -9: points = 3 x calls + journal writes + tasks")
    terminalreporter.write_line(
        f"{'scenario':24}{'calls':>8}{'journal':>9}{'tasks':>7}{'points':>8}{'killed':>8}"
    )
    for name, calls, writes, tasks in sorted({tuple(row[:4]) for row in told}):
        killed = sum(row[4] for row in told if tuple(row[:4]) == (name, calls, writes, tasks))
        points = 3 * calls + writes + tasks
        terminalreporter.write_line(f"{name:24}{calls:>8}{writes:>9}{tasks:>7}{points:>8}{killed:>8}")
