from __future__ import annotations

from pathlib import Path

import pytest

from tests.systems.netbox.ground import NetBox
from tests.systems.netbox.verbs.desk import Desk


@pytest.fixture
def desk(
    netbox: NetBox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A folder with settings for an empty NetBox, and whoever types there."""
    netbox.lab("POST", "state", Desk.EMPTY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETBOX_ADMIN_TOKEN", Desk.ADMIN)
    made = Desk(netbox, tmp_path, capsys)
    made.settle(netbox.url)
    return made
