"""Somebody at the command line who takes over what was made by hand, in a folder that becomes a git repository."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.main import run


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
    """Somebody who takes over an estate."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def folder(self) -> Path:
        return self.root / "estate-of-anna"

    def say(self, *arguments: str | Path) -> Said:
        code = run([str(argument) for argument in arguments])
        captured = self.capsys.readouterr()
        return Said(code, captured.out, captured.err)

    def do(self, *arguments: str) -> Said:
        """A verb in the repository."""
        return self.say(*arguments, "--config", self.folder / "setpoint.yaml")

    def commit(self, subject: str) -> None:
        names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
        for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", subject)):
            subprocess.run(("git", *names, *words), cwd=self.folder, check=True)

    def text(self) -> str:
        """All that the repository has in it."""
        return "".join(path.read_text() for path in self.folder.rglob("*") if path.is_file())


def come_in(root: Path, monkeypatch: pytest.MonkeyPatch, **secrets: str) -> None:
    """Stand in a folder with these secrets in files, and no settings from elsewhere."""
    for name, text in secrets.items():
        (root / name).write_text(f"{text}\n")
        (root / name).chmod(0o600)
    monkeypatch.chdir(root)
    monkeypatch.delenv("SETPOINT_CONFIG", raising=False)
