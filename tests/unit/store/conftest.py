from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from setpoint.store.store import Store


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Both ways to open it keep the same contract."""
    store = Store.open(tmp_path / "setpoint.db") if request.param == "file" else Store.in_memory()
    yield store
    store.close()
