"""An emulator for each test: what it remembers of two hundred VMs is no help to the next."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.proxmox.drive import Lab


@pytest.fixture
def lab() -> Generator[Lab]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield Lab(running.url)
