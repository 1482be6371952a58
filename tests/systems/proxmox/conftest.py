"""An emulated cluster of two nodes, one process for all tests of a file, a fresh world for each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.proxmox.drive import ROLES, Driver, Lab, world


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
def lab(emulator: str, request: pytest.FixtureRequest) -> Lab:
    """A fresh world in which the token has what the file of the test says in GRANTED, else what guests need."""
    found = Lab(emulator)
    found.begin(world(getattr(request.module, "GRANTED", ROLES)))
    return found


@pytest.fixture
async def driver(lab: Lab) -> AsyncGenerator[Driver]:
    cluster = lab.connect()
    yield Driver(lab, cluster)
    await cluster.api.close()
