"""What systemd hears, over real datagram sockets."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from setpoint.run.supervisor import Phase
from setpoint.surface import notify
from setpoint.surface.notify import Notifier, keeping_told, take_notifier
from tests.served import Served


class Systemd:
    """The other end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.setblocking(False)

    def heard(self) -> list[dict[str, str]]:
        """Every message since the last call."""
        found: list[dict[str, str]] = []
        while True:
            try:
                lines = self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return found
            found.append(dict(line.split("=", 1) for line in lines))

    async def hears(self, name: str, seconds: float = 10) -> str:
        """Wait until it is told that; the value."""
        async with asyncio.timeout(seconds):
            while True:
                for message in self.heard():
                    if name in message:
                        return message[name]
                await asyncio.sleep(0.02)


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    address = f"@setpoint-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    made = Systemd(address)
    yield made
    made.socket.close()


def test_what_is_told_arrives_and_the_environment_is_taken(systemd: Systemd) -> None:
    env = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "20000000", "HOME": "/root"}
    notifier = take_notifier(env)
    notifier.tell(READY=1, STATUS="it\nruns")
    assert systemd.heard() == [{"READY": "1", "STATUS": "it runs"}]
    assert notifier.watchdog == 20
    assert env == {"HOME": "/root"}


@pytest.mark.parametrize(
    ("env", "watchdog"),
    [
        pytest.param({}, None, id="not wanted"),
        pytest.param({"WATCHDOG_USEC": "500000"}, 0.5, id="wanted"),
        pytest.param(
            {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5, id="of this process"
        ),
        pytest.param({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None, id="of another process"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="no number"),
    ],
)
def test_the_watchdog_is_what_the_environment_says(env: dict[str, str], watchdog: float | None) -> None:
    assert take_notifier({"NOTIFY_SOCKET": "/run/x", **env}).watchdog == watchdog


@pytest.mark.parametrize(
    "env", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}], ids=["none", "empty", "no path"]
)
def test_without_systemd_nothing_is_said(env: dict[str, str]) -> None:
    notifier = take_notifier(env)
    assert notifier == Notifier()
    with capture_logs() as logs:
        notifier.tell(READY=1)
    assert not logs


def test_a_systemd_that_is_gone_costs_a_line_in_the_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        Notifier(str(tmp_path / "nobody")).tell(READY=1)
    assert [line["event"] for line in logs] == ["systemd_not_told"]


async def test_the_daemons_life_is_told(
    systemd: Systemd, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PERIOD", 0.05)
    await served.in_sync("Shelf/s", "Box/a", "Box/b")
    async with keeping_told(take_notifier({"NOTIFY_SOCKET": systemd.address}), served.supervisor) as ready:
        assert (await systemd.hears("STATUS")).startswith("3 resources; source: ")
        ready()
        assert await systemd.hears("READY") == "1"
        served.supervisor.phase = Phase.STOPPING
        assert await systemd.hears("STATUS") == "stopping"
        served.supervisor.phase = Phase.RUNNING
    assert "WATCHDOG" not in {name for message in systemd.heard() for name in message}


async def test_signs_of_life_come_twice_per_period_and_end_with_a_worker(
    systemd: Systemd, served: Served
) -> None:
    await served.in_sync("Shelf/s", "Box/a", "Box/b")
    notifier = take_notifier({"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "200000"})
    async with keeping_told(notifier, served.supervisor):
        loop = asyncio.get_running_loop()
        await systemd.hears("WATCHDOG")
        began = loop.time()
        for _ in range(5):
            await systemd.hears("WATCHDOG")
        assert loop.time() - began >= 0.3
        worker = next(task for task in asyncio.all_tasks() if task.get_name() == "Shelf/s#0")
        worker.cancel()
        assert "restart the daemon" in await systemd.hears("STATUS")
        await asyncio.sleep(0.3)
        assert not [message for message in systemd.heard() if "WATCHDOG" in message]


async def test_a_loop_that_stands_still_gives_no_sign_of_life(systemd: Systemd, served: Served) -> None:
    notifier = take_notifier({"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "100000"})
    async with keeping_told(notifier, served.supervisor):
        await systemd.hears("WATCHDOG")
        systemd.heard()
        # The loop itself is held up, as by a bug.
        deadline = asyncio.get_running_loop().time() + 0.5
        while asyncio.get_running_loop().time() < deadline:
            pass
        assert not systemd.heard()
        await systemd.hears("WATCHDOG")
