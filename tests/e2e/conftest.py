from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, rehearsal


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One rehearsal for tests that leave it running and each use guests of their own."""
    with rehearsal(tmp_path_factory.mktemp("lab")) as rig:
        yield rig


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Rig]:
    """A rehearsal for a test that stops, kills or loses parts of it."""
    with rehearsal(tmp_path) as rig:
        yield rig
