from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.served import Served, serve_toy


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serve_toy(tmp_path) as made:
        yield made
