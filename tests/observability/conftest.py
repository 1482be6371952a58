from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from setpoint_lab.rehearsal_folder import prepare
from tests.e2e.rig import rehearsal
from tests.observability.servers import Watched, monitoring


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A rehearsal that was scraped from its first moment on, converged."""
    root: Path = tmp_path_factory.mktemp("watched")
    metrics = prepare(root / "lab", port=0).metrics
    assert metrics is not None
    with (
        monitoring(root / "monitoring", scraped=metrics.removeprefix("http://")) as servers,
        rehearsal(root / "lab") as lab,
    ):
        yield Watched(lab, servers)
