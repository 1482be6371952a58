"""Where a person types `setpoint netbox ...`: a folder with settings, and what the verbs said."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from aiohttp import web

from setpoint.cli.main import run
from tests.rig.admin import Said
from tests.systems.netbox.ground import STATE, TOKEN, Middle, NetBox, between


@dataclass
class Fault:
    """Spoils the nth call that writes, or every call for 0; `lost` lets it be done and loses the reply."""

    nth: int
    kind: str
    middle: Middle | None = None
    writes: int = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse | None:
        self.writes += request.method not in ("GET", "OPTIONS")
        if self.nth and (request.method in ("GET", "OPTIONS") or self.writes != self.nth):
            return None
        if self.kind == "html":
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if self.kind == "lost":
            assert self.middle is not None
            await self.middle.forward(request)
        if self.kind == "silent":
            await asyncio.sleep(3)
        assert request.transport is not None
        request.transport.close()
        return web.Response()


@dataclass
class Desk:
    netbox: NetBox
    folder: Path
    capsys: pytest.CaptureFixture[str]
    url: str = ""

    ADMIN: ClassVar = TOKEN
    EMPTY: ClassVar = STATE

    def settle(self, url: str, **more: Any) -> None:
        """Write the settings anew."""
        self.url = url
        secret = self.folder / "secret"
        secret.write_text("hush-hush\n")
        secret.chmod(0o600)
        (self.folder / "estate").mkdir(exist_ok=True)
        told = {
            "url": url,
            "token": {"file": str(self.folder / "token")},
            "select": {"tags": ["setpoint"]},
            "webhook": {"secret": {"file": str(secret)}},
        }
        settings = {
            "estate": "home",
            "source": {"directory": {"path": "estate"}},
            "state": "state",
            "inventories": {"netbox": told | more},
        }
        (self.folder / "setpoint.yaml").write_text(yaml.safe_dump(settings))

    def type(self, *words: str) -> Said:
        return self.run("netbox", *words)

    def run(self, *words: str) -> Said:
        self.capsys.readouterr()
        # In a thread, for a verb has a loop of its own and so may the test.
        with ThreadPoolExecutor(1) as elsewhere:
            code = elsewhere.submit(run, list(words)).result()
        said = self.capsys.readouterr()
        return Said(code, said.out, said.err)

    async def type_through(self, fault: Fault | None, *words: str) -> tuple[Said, list[str]]:
        """The same through something between, with the calls that it saw."""
        async with between(self.netbox.url, fault) as middle:
            if fault is not None:
                fault.middle = middle
            self.settle(middle.url)
            said = await asyncio.to_thread(self.type, *words)
            self.settle(self.netbox.url)
            return said, middle.calls

    def narrow(self) -> None:
        """Take two views from the token that `init` made."""
        (row,) = [one for one in self.rows("users/permissions") if one["name"] == "Setpoint: read"]
        left = [one for one in row["object_types"] if one not in ("core.objectchange", "ipam.ipaddress")]
        self.netbox.edit("users/permissions", row["id"], object_types=left)

    def rows(self, endpoint: str, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in {"limit": "0", **filters}.items())
        found: list[dict[str, Any]] = self.netbox.call("GET", f"{endpoint}/?{query}")["results"]
        return found
