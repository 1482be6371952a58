"""Every test of this folder has an emulated cluster in virtual time, and the daemon beside it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from setpoint_lab.process import start_proxmox
from tests.deletion.site import Site
from tests.systems.proxmox.drive import Lab, world


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
def site(emulator: str, tmp_path: Path) -> Site:
    lab = Lab(emulator)
    lab.begin(world())
    return Site(lab, tmp_path)
