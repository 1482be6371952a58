from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from setpoint_lab.process import start_netbox
from tests.systems.netbox.emulator.api import ESTATE, Client

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(scope="package")
def emulator_url() -> Generator[str]:
    with start_netbox(clock="virtual", seed=7) as running:
        yield running.url


@pytest.fixture
def client(emulator_url: str) -> Client:
    """A client of an emulator with a small estate, whose clock is virtual."""
    fresh = Client(emulator_url)
    fresh.lab("POST", "state", ESTATE)
    return fresh
