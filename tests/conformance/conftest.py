"""What the replayer's own tests share: the tiny server, and traces written in the recorded form."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestServer

from tests.conformance.fake_server import FakeServer
from tests.conformance.load import load_trace
from tests.conformance.replay import Replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conformance.model import Run, Trace


@dataclass
class Bench:
    """The tiny server, and a folder to write traces into."""

    server: FakeServer
    base_url: str
    root: Path

    def trace(self, entries: list[dict[str, Any]], **setup: Any) -> Trace:
        folder = self.root / "pve" / "traces"
        folder.mkdir(parents=True, exist_ok=True)
        whole: dict[str, Any] = {
            "state": {},
            "identity": [{"entries": [0, 99], "as": "root@pam ticket"}],
            **setup,
        }
        (folder / "SETUP.json").write_text(json.dumps({"files": {"made.json": whole}}))
        (folder / "made.json").write_text(json.dumps(entries))
        return load_trace(self.root, "pve", folder / "made.json")

    async def replay(self, entries: list[dict[str, Any]], **setup: Any) -> Run:
        return await asyncio.to_thread(Replay(self.trace(entries, **setup), self.base_url).run)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    fake = FakeServer()
    async with TestServer(fake.app()) as server:
        yield Bench(fake, str(server.make_url("/")).rstrip("/"), tmp_path)
