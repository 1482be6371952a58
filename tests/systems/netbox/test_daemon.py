"""`setpoint run` as a process over an emulated NetBox: what is declared there lives through kills, and through what is not believed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.client import Client, DaemonDownError
from tests.rig.waiting import until
from tests.systems.netbox.ground import TOKEN, NetBox

PREFIXES = "ipam/prefixes"
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


class Daemon:
    """A daemon whose declarations all come from NetBox."""

    def __init__(self, folder: Path, netbox: NetBox) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "estate").mkdir()
        select = "prefixes: {tags: [setpoint]}, select: {tags: [setpoint]}, poll: 1s"
        (folder / "s.yaml").write_text(
            "estate: home\nsource: {directory: {path: estate}}\nstate: state\nmetrics: {listen: none}\n"
            f"inventories: {{netbox: {{url: '{netbox.url}', token: {{env: NETBOX_TOKEN}}, {select}}}}}\n"
        )

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "run", "--config", str(self.folder / "s.yaml")], stderr=log, env=self.env
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def status(self) -> dict[str, Any]:
        try:
            return Client(self.folder / "state" / "setpoint.sock").get("/v1/status")
        except DaemonDownError:
            return {}

    def pools(self) -> set[str]:
        rows = self.status().get("resources", [])
        return {row["key"].rpartition("/")[2] for row in rows if "AddressPool/" in row["key"]}

    def inventory(self) -> dict[str, Any]:
        found = self.status().get("inventories", [])
        return dict(found[0]) if found else {}

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        place = ["--config", str(self.folder / "s.yaml")]
        command = [*self.command, arguments[0], *place, *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, env=self.env, check=False, timeout=60)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "setpoint"]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "NETBOX_TOKEN": TOKEN}


@pytest.fixture
def daemon(netbox: NetBox) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory() as folder:
        made = Daemon(Path(folder), netbox)
        yield made
        if made.process is not None:
            made.kill()


def pool(netbox: NetBox, number: int) -> int:
    return netbox.make(
        PREFIXES,
        prefix=f"10.{number}.0.0/24",
        tags=[{"slug": "setpoint"}],
        custom_fields={"setpoint_pool": f"p{number}"},
    )


def test_what_is_declared_in_netbox_lives_through_kills_and_what_is_not_believed(
    netbox: NetBox, daemon: Daemon
) -> None:
    netbox.make("extras/custom-fields", name="setpoint_pool", type="text", object_types=["ipam.prefix"])
    ids = [pool(netbox, number) for number in range(5)]
    daemon.start()
    until(lambda: daemon.pools() == {"p0", "p1", "p2", "p3", "p4"}, "five pools")

    daemon.kill()
    netbox.remove(PREFIXES, ids[0])
    pool(netbox, 5)
    daemon.start()
    until(lambda: daemon.pools() == {"p1", "p2", "p3", "p4", "p5"}, "what was done while nobody looked")

    netbox.call("PATCH", f"{PREFIXES}/", [{"id": number, "tags": []} for number in ids[1:]])
    token = until(lambda: daemon.inventory().get("token"), lambda: str(daemon.inventory()))
    assert not daemon.inventory()["good"]
    assert daemon.pools() == {"p1", "p2", "p3", "p4", "p5"}, "what is not believed changes nothing"
    daemon.kill()
    daemon.start()
    again = until(lambda: daemon.inventory().get("token"), "doubt after a restart as well")
    assert again == token
    assert daemon.pools() == {"p1", "p2", "p3", "p4", "p5"}
    done = daemon.call("approve", str(token))
    assert done.returncode == 0, done.stderr
    until(lambda: daemon.pools() == {"p5"}, lambda: str(daemon.status()))
