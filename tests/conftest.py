"""In continuous integration only conformance may be skipped: a skip elsewhere hides a missing program. Figures that tests
took are shown at the end."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.summary import show_figures, show_kills

LONG = ("tests/scale/", "tests/crash/", "tests/outages/", "tests/security/test_secrets.py")
"""Where the tests are that take longest; begun first, they leave no process idle at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("conformance") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped although CI is set: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests measured; here, for under several processes the one that sums up knows no other conftest."""
    show_figures(terminalreporter)
    show_kills(terminalreporter)
