"""A tiny server with a control plane, for the tests of the replayer itself: one guest, tasks, digests, a clock."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

TASK_SECONDS = 1.0
TICKET = {
    "username": "root@pam",
    "ticket": "PVE:root@pam:6B000000::c2lnbmF0dXJl",
    "CSRFPreventionToken": "6B000000:x",
}


class FakeServer:
    """Guests as plain dicts; what a test looks at afterwards lies in `seen`, `events` and `now`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.seen: list[tuple[str, str, Mapping[str, str]]] = []
        self.events: list[object] = []
        self.state: dict[str, object] = {}
        self._pids = itertools.count(7000)
        self._guests: dict[str, dict[str, str]] = {}
        self._tasks: dict[str, float] = {}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._note])
        app.add_routes(
            [
                web.post("/lab/state", self._reset),
                web.get("/lab/clock", self._clock),
                web.post("/lab/clock", self._advance),
                web.post("/lab/events", self._event),
                web.post("/api2/json/access/ticket", self._ticket),
                web.post("/api2/json/nodes/{node}/qemu", self._create),
                web.get("/api2/json/nodes/{node}/qemu", self._list),
                web.get("/api2/json/nodes/{node}/qemu/{vmid}/config", self._config),
                web.put("/api2/json/nodes/{node}/qemu/{vmid}/config", self._update),
                web.get("/api2/json/nodes/{node}/tasks/{upid}/status", self._status),
                web.route("*", "/{tail:.*}", self._unknown),
            ]
        )
        return app

    @web.middleware
    async def _note(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/api2/json/nodes"):
            params = dict(request.query) | {key: str(value) for key, value in (await request.post()).items()}
            self.seen.append((request.method, request.path.removeprefix("/api2/json"), params))
        return await handler(request)

    async def _reset(self, request: web.Request) -> web.Response:
        self.state = await request.json()
        if "unreadable" in self.state:
            return web.json_response({"error": "unreadable"}, status=400)
        self._guests.clear()
        return web.json_response({})

    async def _clock(self, request: web.Request) -> web.Response:
        return web.json_response({"now": self.now})

    async def _advance(self, request: web.Request) -> web.Response:
        self.now += (await request.json())["advance"]
        return await self._clock(request)

    async def _event(self, request: web.Request) -> web.Response:
        event = await request.json()
        self.events.append(event)
        return web.json_response({}, status=501 if "node_offline" in event else 200)

    async def _ticket(self, request: web.Request) -> web.Response:
        return _data(TICKET)

    async def _create(self, request: web.Request) -> web.Response:
        params = await request.post()
        vmid = str(params["vmid"])
        pid = next(self._pids)
        upid = f"UPID:pve1:{pid:08X}:{pid:08X}:{int(self.now):08X}:qmcreate:{vmid}:root@pam:"
        self._guests[vmid] = {
            "name": str(params.get("name", "")),
            "net0": f"virtio=BC:24:11:00:00:{pid % 100:02d}",
        }
        self._tasks[upid] = self.now + TASK_SECONDS
        return _data(upid)

    async def _list(self, request: web.Request) -> web.Response:
        rows = [
            {"vmid": int(vmid), "cpu": 0.5, "name": guest["name"]} for vmid, guest in self._guests.items()
        ]
        return _data(rows[::-1])

    async def _config(self, request: web.Request) -> web.Response:
        guest = self._guests[request.match_info["vmid"]]
        return _data(guest | {"digest": _digest(guest)})

    async def _update(self, request: web.Request) -> web.Response:
        guest = self._guests[request.match_info["vmid"]]
        params = {key: str(value) for key, value in (await request.post()).items()}
        if params.pop("digest", _digest(guest)) != _digest(guest):
            return web.json_response({"data": None, "message": "mismatch\n"}, status=500, reason="mismatch")
        for key in filter(None, params.pop("delete", "").split(",")):
            guest.pop(key, None)
        guest |= {key: value for key, value in params.items() if key not in {"force", "skiplock"}}
        return _data(None)

    async def _status(self, request: web.Request) -> web.Response:
        upid = request.match_info["upid"]
        done = self._tasks[upid] <= self.now
        return _data(
            {"upid": upid, "status": "stopped", "exitstatus": "OK"}
            if done
            else {"upid": upid, "status": "running"}
        )

    async def _unknown(self, request: web.Request) -> web.Response:
        return web.json_response({"data": None}, status=501, reason="not implemented")


def _data(value: object) -> web.Response:
    return web.json_response({"data": value})


def _digest(guest: Mapping[str, str]) -> str:
    return hashlib.sha1(json.dumps(guest, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
