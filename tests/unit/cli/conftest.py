"""A command line whose installed systems are the small kinds of the compiler's tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from setpoint.cli.main import run
from tests.served import Served, logs_away, serve_toy


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Say = Callable[..., Said]
Ask = Callable[..., Awaitable[Said]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def command(*arguments: str | Path) -> Said:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return command


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a system of small kinds the way a package does it."""
    info = tmp_path / "site" / "toys-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[setpoint.systems]\ntoys = tests.unit.cli.toys:SYSTEM\n[setpoint.verbs]\nplay = tests.unit.cli.toys:play\n"
        "gone = a_package_that_is_not_there:verb\nbroken = tests.unit.cli.toys:SYSTEM\n"
        "lost = tests.unit.cli.toys:nothing\n"
    )
    monkeypatch.syspath_prepend(info.parent)


@pytest.fixture
def estate(tmp_path: Path, toys: None) -> Callable[[dict[str, str]], Path]:
    def write(files: dict[str, str]) -> Path:
        root = tmp_path / "estate"
        root.mkdir()
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A daemon over the toy system, in sync, that the command line finds by its settings."""
    monkeypatch.setenv("SETPOINT_CONFIG", str(tmp_path / "setpoint.yaml"))
    with logs_away():
        async with serve_toy(tmp_path) as daemon:
            await daemon.in_sync("Shelf/s", "Box/a", "Box/b")
            yield daemon


@pytest.fixture
def ask(say: Say) -> Ask:
    """`say` beside a daemon in the same loop."""

    async def command(*arguments: str) -> Said:
        return await asyncio.to_thread(say, *arguments)

    return command


@pytest.fixture
def toy_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the toy system of shelves and boxes the way a package does it."""
    info = tmp_path / "site" / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[setpoint.systems]\ntoy = tests.toy:SYSTEM\n")
    monkeypatch.syspath_prepend(info.parent)
