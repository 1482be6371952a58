"""An estate that grew by hand is read into a repository and taken over: nothing restarts, and nothing is written but marks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.main import run
from setpoint_lab.process import start_proxmox
from tests.systems.proxmox.drive import SECRET, TOKEN, Lab
from tests.systems.proxmox.handmade_estate import handmade
from tests.systems.proxmox.test_vm_adoption import others

GUESTS = 50


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Admin:
    """Somebody who takes the estate over."""

    root: Path
    lab: Lab
    capsys: pytest.CaptureFixture[str]

    @property
    def folder(self) -> Path:
        return self.root / "estate-of-anna"

    def say(self, *arguments: str | Path) -> Said:
        code = run([str(argument) for argument in arguments])
        captured = self.capsys.readouterr()
        return Said(code, captured.out, captured.err)

    def init(self, *arguments: str | Path, url: str = "") -> Said:
        where = ("--endpoint", url or self.lab.url, "--token", TOKEN, "--token-file", self.root / "token")
        return self.say("init", self.folder, "--from", "proxmox", *where, *arguments)

    def do(self, *arguments: str) -> Said:
        """A verb in the repository."""
        return self.say(*arguments, "--config", self.folder / "setpoint.yaml")

    def commit(self, subject: str) -> None:
        for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", subject)):
            names = (
                "-c",
                "user.name=anna",
                "-c",
                "user.email=anna@example.org",
                "-c",
                "commit.gpgsign=false",
            )
            subprocess.run(("git", *names, *words), cwd=self.folder, check=True)

    def files(self) -> dict[int, str]:
        """Every guest's file in /etc/pve."""
        return {guest["vmid"]: guest["file"] for guest in self.lab.get("state")["guests"]}

    def manifests(self) -> list[Path]:
        return [path for path in (self.folder / "estate").rglob("*.yaml") if path.name != "defaults.yaml"]


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
def admin(
    emulator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Admin:
    lab = Lab(emulator)
    lab.begin(handmade())
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "token").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SETPOINT_CONFIG", raising=False)
    return Admin(tmp_path, lab, capsys)


@pytest.mark.timeout(900)
def test_an_estate_of_fifty_is_taken_over_and_then_changed_by_one_default(admin: Admin) -> None:
    lab, before = admin.lab, admin.files()
    said = admin.init("-o", "json")
    assert said.code == 0, said.err
    assert (len(said.told["declared"]), said.told["complete"], lab.writes()) == (GUESTS, True, [])
    assert len(admin.manifests()) == GUESTS + 1, "and the cluster"
    lines = sum(path.read_text().count("\n") for path in admin.folder.rglob("*.yaml"))
    assert lines < 400, "the whole repository"
    assert SECRET not in "".join(path.read_text() for path in admin.folder.rglob("*") if path.is_file())
    assert admin.say("validate", admin.folder / "estate").code == 0

    admin.commit("Begin")
    told = admin.do("adopt", "--all", "-o", "json")
    assert (told.code, len(told.told["marks"]), told.told["others"]) == (0, GUESTS, [])
    assert lab.writes() == []

    done = admin.do("adopt", "--all", "--yes")
    assert (done.code, done.out) == (0, f"{GUESTS} objects adopted, nothing else was written.\n"), done.err
    assert sorted(path.split("/")[-2] for path in lab.writes()) == sorted(
        str(vmid) for vmid in before if vmid < 9000
    )
    assert all(path.endswith("/config") for path in lab.writes())
    assert lab.get("effects") == []
    now = admin.files()
    assert {vmid: lines_of(text) for vmid, text in now.items()} == {
        vmid: lines_of(text) for vmid, text in before.items()
    }

    written = len(lab.writes())
    assert admin.do("plan").code == 0
    again = admin.do("adopt", "--all")
    assert (again.code, again.out) == (0, f"Nothing to adopt: {GUESTS + 1} resources in sync.\n")
    assert len(lab.writes()) == written

    layers = admin.folder / "estate/lab/defaults.yaml"
    layers.write_text(layers.read_text().replace("spec:\n", "spec:\n  protection: true\n"))
    admin.commit("Protect all")
    planned = admin.do("plan", "-o", "json")
    assert (planned.code, planned.told["summary"]["change"]) == (2, GUESTS)
    assert admin.do("apply").code == 0
    assert all("protection: 1" in text for vmid, text in admin.files().items() if vmid < 9000)
    assert lab.get("effects") == []
    assert admin.do("plan").code == 0


def lines_of(text: str) -> list[str]:
    """The lines of a guest's file that our mark has nothing to do with."""
    return [line for line in others(text) if not line.startswith("hostname: ")]
