"""The tutorial, followed word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import ROOT, reader

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def test_the_first_steps(tmp_path: Path) -> None:
    with reader(tmp_path) as newcomer:
        newcomer.follow(ROOT / "docs/tutorial/first-steps.md")
    assert newcomer.followed >= 30
