from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.lab_proxmox.core_api import Client

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(scope="package")
def emulator_url() -> Generator[str]:
    with start_proxmox(clock="virtual", seed=7) as running:
        yield running.url


@pytest.fixture
def client(emulator_url: str) -> Client:
    """A client of an emulator whose world is empty and whose clock is virtual."""
    fresh = Client(emulator_url)
    fresh.reset()
    return fresh
