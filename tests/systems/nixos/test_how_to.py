"""The page on NixOS hosts, followed with the real daemon, Nix and sshd; simulated hosts stand in for the reader's."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint_nixos.nix.run import Nix
from tests.docs import console
from tests.docs.console import ROOT, Command, Foreground, Reader, Shell, blocks, commands
from tests.systems.nixos.farm import Farm

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PAGE = ROOT / "docs/how-to/deploy-nixos-hosts.md"
NAMES = ("web01", "web02", "web03")
COMMITS: Mapping[str, Mapping[str, Any]] = {
    "Newer nginx": {"payload": "newer"},
    "Log elsewhere": {"payload": "bad", "failUnits": ["nginx.service"]},
    "Log to the journal": {"payload": "good"},
    "Newer kernel": {"payload": "good", "kernel": "6.12.1"},
}
"""What the commits of the page change in the systems of all, by their messages."""
SETTINGS = """\
estate: home
source:
  git: {{url: "{estate}", poll: 1s}}
state: state
metrics: {{listen: "127.0.0.1:0"}}
"""


@dataclass
class Desk:
    """A reader with checkouts of the two repositories, whose service runs."""

    reader: Reader
    farm: Farm

    def follow(self) -> None:
        """Do what the page says, with the hosts that there are."""
        for block in blocks(PAGE):
            if block.file:
                place = self.reader.folder / block.file
                place.write_text(self._here(block.text, place.stem))
            elif block.runs:
                for command in commands(block):
                    self._edit(command)
                    self.reader.do(command, block)

    def _here(self, text: str, name: str) -> str:
        """What the reader writes, of the host with this name."""
        key = next(iter(self.farm.hosts.values())).root / "key"
        text = text.replace("/etc/setpoint/deploy-key", str(key))
        text = text.replace("git+https://git.example.net/infra", f"git+{self.farm.fleet.url}")
        one = self.farm.hosts.get(name)
        if one is None:
            return text
        text = re.sub(r"address: [0-9.]+", f"address: {one.address}, port: {one.port}", text)
        return re.sub(r'hostKey: "[^"]+"', f'hostKey: "{one.host_key}"', text)

    def _edit(self, command: Command) -> None:
        """Before a commit to the flake there is an edit, which a page shows to nobody."""
        found = re.match(r'git -C infra commit .*-m "(.+)"', command.line)
        if found:
            hosts = dict.fromkeys(NAMES, COMMITS[found[1]])
            (self.reader.folder / "infra/hosts.json").write_text(json.dumps(hosts))


@pytest.fixture
def desk(farm_of: Callable[..., Farm], nix: Nix) -> Iterator[Desk]:
    farm = farm_of(*NAMES)
    first, *others = farm.hosts.values()
    for other in others:
        public = (first.root / "key.pub").read_bytes()
        other.run("cat >>/etc/simhost/authorized", given=public)
    # The path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    environment = {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH", "CI") if name in os.environ},
        **nix.environment,
        "NIX_REMOTE": nix.store,
        "CACHE_DIRECTORY": str(folder / "cache"),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "SETPOINT_CONFIG": str(folder / "setpoint.yaml"),
    }
    environment["PATH"] = (
        f"{Path(shutil.which('setpoint') or ROOT / '.venv/bin/setpoint').parent}:{environment['PATH']}"
    )
    (folder / ".gitconfig").write_text(
        "[user]\nname = Anna\nemail = anna@example.org\n[init]\ndefaultBranch = main\n"
    )
    (folder / "setpoint.yaml").write_text(SETTINGS.format(estate=folder / "estate.git"))
    service, terminal = Foreground(folder, environment, folder / "log"), Shell(folder, environment)
    terminal.type("git init -q --bare estate.git && git clone -q estate.git estate")
    terminal.type("cd estate && git commit -q --allow-empty -m Begin && git push -q origin HEAD; cd ..")
    terminal.type(f"git clone -q {farm.fleet.repository} infra")
    service.out.touch()
    service.type("setpoint run")
    try:
        yield Desk(Reader(folder, service, terminal), farm)
    finally:
        terminal.close()
        service.interrupt()
        shutil.rmtree(folder)


def test_the_page_goes_as_it_shows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 150.0)  # deploys take their time
    desk.follow()
    assert desk.reader.followed > 20
