"""A tiny NetBox with a control plane, for the tests of the replayer itself: one kind of object, and a webhook."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WHAT = "virtualization.thing"


class FakeNetbox:
    """Things by id; a test sets how deliveries go wrong, and looks at `seen`, `events`, `state` and `now`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.seen: list[tuple[str, str, str, str]] = []
        self.events: list[object] = []
        self.state: dict[str, Any] = {}
        self.copies = 1
        self.secret = "s3cret"  # no real one
        self.things: dict[int, dict[str, Any]] = {}
        self._sent: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._note])
        app.add_routes(
            [
                web.post("/lab/state", self._reset),
                web.get("/lab/clock", self._clock),
                web.post("/lab/clock", self._advance),
                web.post("/lab/events", self._event),
                web.get("/api/virtualization/things", self._move),
                web.get("/api/virtualization/things/", self._list),
                web.post("/api/virtualization/things/", self._create),
                web.patch("/api/virtualization/things/{id}/", self._update),
                web.route("*", "/{tail:.*}", self._unknown),
            ]
        )
        return app

    @web.middleware
    async def _note(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith("/lab/"):
            text = (await request.read()).decode()
            sent = request.headers.get("Authorization", "")
            self.seen.append((request.method, request.raw_path, sent, text))
        return await handler(request)

    async def _reset(self, request: web.Request) -> web.Response:
        self.state = await request.json()
        self.now = datetime.fromisoformat(self.state["clock"]).timestamp()
        self.things.clear()
        return web.json_response({})

    async def _clock(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"now": self.now})

    async def _advance(self, request: web.Request) -> web.Response:
        self.now += (await request.json())["advance"]
        return await self._clock(request)

    async def _event(self, request: web.Request) -> web.Response:
        self.events.append(await request.json())
        return web.json_response({})

    async def _move(self, request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": request.rel_url.path + "/"})

    async def _list(self, request: web.Request) -> web.Response:
        del request
        rows = sorted(self.things.values(), key=lambda row: row["name"])
        return _reply({"count": len(rows), "results": rows}, _made_up())

    async def _create(self, request: web.Request) -> web.Response:
        number = len(self.things) + 1
        base = f"{request.scheme}://{request.host}"
        thing = {
            "id": number,
            "url": f"{base}/api/virtualization/things/{number}/",
            **await request.json(),
            "created": self._stamp(),
        }
        return await self._saved(thing, "created", status=201)

    async def _update(self, request: web.Request) -> web.Response:
        thing = self.things[int(request.match_info["id"])]
        if request.headers.get("If-Match", _etag(thing)) != _etag(thing):
            return _reply({"detail": "Precondition failed."}, _made_up(), status=412)
        return await self._saved(thing | await request.json(), "updated")

    async def _unknown(self, request: web.Request) -> web.Response:
        del request
        return _reply({"detail": "not supported"}, _made_up(), status=501)

    async def _saved(self, thing: dict[str, Any], event: str, status: int = 200) -> web.Response:
        thing = thing | {"last_updated": self._stamp()}
        self.things[thing["id"]] = thing
        made_up = _made_up()
        for webhook in self.state["objects"].get("extras/webhooks", []):
            for _ in range(self.copies):
                task = asyncio.create_task(self._deliver(webhook["payload_url"], event, thing, made_up))
                self._sent.add(task)
        return _reply(thing, made_up, status, {"ETag": _etag(thing)})

    async def _deliver(self, url: str, event: str, thing: dict[str, Any], cause: str) -> None:
        told = {"event": event, "object_type": WHAT, "data": thing, "request": {"id": cause}}
        raw = json.dumps(told).encode()
        signature = hmac.new(self.secret.encode(), raw, hashlib.sha512).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hook-Signature": signature}
        async with ClientSession() as session, session.post(url, data=raw, headers=headers):
            return

    def _stamp(self) -> str:
        self.now += 0.000_013
        return datetime.fromtimestamp(self.now, UTC).isoformat().replace("+00:00", "Z")


def _made_up() -> str:
    return str(uuid.uuid4())


def _etag(thing: dict[str, Any]) -> str:
    return f'W/"{thing["last_updated"].replace("Z", "+00:00")}"'


def _reply(
    body: object, cause: str, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(body, status=status, headers={"X-Request-ID": cause} | (headers or {}))
