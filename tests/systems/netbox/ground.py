"""An emulated NetBox in a process of its own, whoever works in it, and what stands between it and us to spoil answers."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web
from yarl import URL

from setpoint.model.inventory import Content
from setpoint.model.secret import Secret
from setpoint_netbox.api.line import Access, Line
from setpoint_netbox.content import state, views
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.watch.selection import wanted
from setpoint_netbox.watch.watcher import Habits, Watcher

TOKEN = "nbt_setpointlab0.0123456789abcdef0123456789abcdef01234567"

MACHINES = "virtualization/virtual-machines"
STATE: dict[str, Any] = {
    "objects": {
        "users/users": [
            {"id": 1, "username": "admin", "password": "setpoint", "is_superuser": True, "is_active": True}
        ],
        "users/tokens": [
            {"id": 1, "user": 1, "version": 2, "key": "setpointlab0", "token": TOKEN.partition(".")[2]}
        ],
    }
}


@dataclass(frozen=True)
class NetBox:
    """What people do in it."""

    url: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the emulator's
            f"{self.url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def make(self, path: str, **fields: Any) -> int:
        return int(self.call("POST", f"{path}/", fields)["id"])

    def edit(self, path: str, number: int, **fields: Any) -> None:
        self.call("PATCH", f"{path}/{number}/", fields)

    def remove(self, path: str, number: int) -> None:
        self.call("DELETE", f"{path}/{number}/")

    def lab(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/lab/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def begin(self) -> int:
        """A new world with one cluster; gives its id."""
        self.lab("POST", "state", STATE)
        self.make("extras/tags", name="setpoint", slug="setpoint")
        kind = self.make("virtualization/cluster-types", name="Proxmox", slug="proxmox")
        return self.make("virtualization/clusters", name="homelab", type=kind)

    def machine(self, cluster: int, name: str, *, tagged: bool = True, **fields: Any) -> int:
        tags = [{"slug": "setpoint"}] if tagged else []
        return self.make(MACHINES, name=name, cluster=cluster, tags=tags, **fields)


_ON = ("Authorization", "Content-Type", "If-Match")
_BACK = ("Content-Type", "API-Version", "ETag", "X-Request-ID")
Spoil: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class Middle:
    """Passes calls on to a NetBox, after `spoil` had its way with them; knows every call."""

    target: str
    spoil: Spoil | None = None
    calls: list[str] = field(default_factory=list[str])
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.raw_path}")
        spoilt = await self.spoil(request) if self.spoil else None
        return spoilt or await self.forward(request)

    async def forward(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _ON if name in request.headers}
        url = URL(f"{self.target}{request.raw_path}", encoded=True)
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url, data=await request.read(), headers=headers) as got,
        ):
            kept = {name: got.headers[name] for name in _BACK if name in got.headers}
            return web.Response(status=got.status, body=await got.read(), headers=kept)


@asynccontextmanager
async def between(
    target: str, spoil: Spoil | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Middle]:
    middle = Middle(target, spoil)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", middle.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    middle.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield middle
    finally:
        await runner.cleanup()


@dataclass
class Follower:
    """A watcher at a time that the test says, with what it gave last."""

    watcher: Watcher
    line: Line
    now: float = 1_000_000.0
    kept: Content | None = None
    approved: set[str] = field(default_factory=set[str])
    own: set[str] = field(default_factory=set[str])

    async def fetch(self, later: float = 15.0) -> Content:
        self.now += later
        self.kept = await self.watcher.fetch(self.kept)
        return self.kept

    def names(self) -> dict[int, str]:
        assert self.kept is not None
        return {int(path.partition("/")[2]): json.loads(view)["name"] for path, view in views(self.kept)}

    def view(self, number: int, kind: str = "virtualization.virtualmachine") -> dict[str, Any]:
        assert self.kept is not None
        found: dict[str, Any] = json.loads(self.kept.files[f"{kind}/{number}"])
        return found

    def released(self) -> dict[str, str]:
        assert self.kept is not None
        return {path: one.why for path, one in state(self.kept).released.items()}


@asynccontextmanager
async def following(
    url: str, kept: Content | None = None, *, read: float = 60.0, token: str = TOKEN, **settings: Any
) -> AsyncGenerator[Follower]:
    told = NetBoxSettings.model_validate({"url": url, "token": {"env": "T"}, **settings})
    line = Line(Access(told.url, lambda: Secret(token), told.ca, 3.0, read))
    holder: list[Follower] = []
    habits = Habits(
        wanted(told), told.poll, told.snapshot, lambda one: not holder[0].approved.isdisjoint({one, "*"}),
        lambda one: one in holder[0].own, lambda: holder[0].now, lambda: 0.0,
    )  # fmt: skip
    follower = Follower(Watcher(line, habits), line, kept=kept)
    holder.append(follower)
    try:
        yield follower
    finally:
        await line.close()
