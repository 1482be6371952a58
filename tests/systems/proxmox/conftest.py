"""An emulated cluster of two nodes, one process for all tests of a file, a fresh world for each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.proxmox.drive import Driver, Lab, world


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(world())
    return found


@pytest.fixture
async def driver(lab: Lab) -> AsyncGenerator[Driver]:
    cluster = lab.connect()
    yield Driver(lab, cluster)
    await cluster.api.close()
