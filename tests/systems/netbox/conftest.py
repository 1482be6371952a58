from __future__ import annotations

from collections.abc import Generator

import pytest

from setpoint_lab.process import start_netbox
from tests.systems.netbox.ground import NetBox


@pytest.fixture(scope="module")
def emulator() -> Generator[NetBox]:
    with start_netbox() as running:
        yield NetBox(running.url)


@pytest.fixture
def netbox(emulator: NetBox) -> NetBox:
    """The same process, and a world without a past."""
    emulator.begin()
    return emulator
