"""The page on NetBox, followed against the emulated one, which stands in for the reader's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.console import ROOT, Block, Foreground, Reader, Shell, blocks, commands
from tests.systems.netbox.ground import STATE, TOKEN, NetBox

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PAGE = ROOT / "docs/how-to/take-guests-from-netbox.md"
CLUSTER = """\
kind: ProxmoxCluster
metadata: {name: lab}
spec:
  endpoints: ["https://pve1.example.org:8006"]
  token: {id: setpoint@pve!controller, secret: {env: PROXMOX}}
"""


@dataclass
class Desk:
    """A reader with an empty NetBox and the token of its administrator."""

    reader: Reader
    netbox: NetBox

    def follow(self) -> None:
        """Do what the page says."""
        for block in blocks(PAGE):
            if block.info == "settings":
                self._settle(block)
            elif block.file:
                (self.reader.folder / block.file).write_text(block.text)
            elif block.runs:
                for command in commands(block):
                    self.reader.do(command, block)

    def _settle(self, block: Block) -> None:
        text = block.text.replace("https://netbox.example.org", self.netbox.url)
        text = text.replace("/etc/setpoint/", f"{self.reader.folder}/").replace(":9647", ":0")
        (self.reader.folder / "setpoint.yaml").write_text(text)


@pytest.fixture
def desk(emulator: NetBox) -> Iterator[Desk]:
    emulator.lab("POST", "state", STATE)
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    for name, secret in (("netbox-admin", TOKEN), ("netbox-hook", "hush-hush")):
        (folder / name).write_text(f"{secret}\n")
        (folder / name).chmod(0o600)
    (folder / "estate").mkdir()
    (folder / "estate/cluster.yaml").write_text(CLUSTER)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    setpoint = shutil.which("setpoint") or str(ROOT / ".venv/bin/setpoint")
    environment = {**kept, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    environment["PATH"] = f"{Path(setpoint).parent}:{environment['PATH']}"
    terminal = Shell(folder, environment)
    try:
        yield Desk(Reader(folder, Foreground(folder, environment, folder / "log"), terminal), emulator)
    finally:
        terminal.close()
        shutil.rmtree(folder)


def test_the_page_goes_as_it_shows(desk: Desk) -> None:
    desk.follow()
    assert desk.reader.followed == 8
