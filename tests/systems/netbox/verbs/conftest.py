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


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """A NetBox that `init` was run for, with one machine."""
    desk.settle(desk.netbox.url, writeBack={})
    said = desk.type("init", "--token-to", "token")
    assert said.code == 0, said
    kind = desk.netbox.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
    desk.netbox.machine(desk.netbox.make("virtualization/clusters", name="homelab", type=kind), "web01")
    return desk
