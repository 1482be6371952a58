"""An emulated cluster with the VMs of `canned` on it, and a counter of every call that crosses the wire to it."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web

from setpoint_lab.process import start_proxmox
from tests.bench import canned
from tests.rig.estate import SECRET_NAME
from tests.systems.proxmox.drive import SECRET, TOKEN, Lab, world

HOP = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "host"})
"""Headers that belong to one connection."""
_NUMBERED = {re.compile(r"/nodes/[^/]+"): "/nodes/*", re.compile(r"/\d+|/UPID[^/]+"): "/*"}


def state(count: int, first: int = 0) -> dict[str, Any]:
    """What the emulator begins with: `count` VMs from the number `first` on that run as they are declared."""
    nodes = [
        {"name": name, "ip": f"10.99.0.{number}", "online": True, "local": number == 1}
        for number, name in enumerate(canned.NODES, 1)
    ]
    numbers = range(first, first + count)
    return world(nodes=nodes, guests=[_guest(n) for n in numbers], content=[_disk(n) for n in numbers])


def _guest(number: int) -> dict[str, Any]:
    vmid, node = canned.FIRST + number, canned.node(number)
    config = canned.config(number)
    return {"type": "qemu", "vmid": vmid, "node": node, "status": "running", "config": config}


def _disk(number: int) -> dict[str, Any]:
    vmid = canned.FIRST + number
    volid = f"local-zfs:vm-{vmid}-disk-0"
    return {"volid": volid, "node": canned.node(number), "vmid": vmid, "size": 20 << 30}


def spec(url: str, count: int) -> dict[str, Any]:
    """The declaration of the cluster that is reached at `url`; there is room for more VMs than it has."""
    token = {"id": TOKEN, "secret": {"env": SECRET_NAME}}
    vmids = {"from": canned.FIRST, "to": canned.FIRST + 2 * count + 10}
    return {"endpoints": [url], "token": token, "vmids": vmids}


@contextmanager
def plant(count: int, *, first: int = 0, clock: str = "real") -> Generator[Lab]:
    """The emulator, for the length of the block; it takes no time of its own."""
    with start_proxmox(clock=clock, lag=0) as running:
        lab = Lab(running.url)
        lab.begin(state(count, first))
        yield lab


@dataclass
class Wire:
    """A proxy before the emulator.

    Attributes:
        url: where it listens.
        calls: `METHOD path` of every call since `calls.clear()`, ids left out of the paths.
        received: bytes of the bodies of all answers.
    """

    url: str = ""
    received: int = 0
    calls: Counter[str] = field(default_factory=Counter[str])

    def note(self, method: str, path: str) -> None:
        plain = path.removeprefix("/api2/json")
        for pattern, text in _NUMBERED.items():
            plain = pattern.sub(text, plain)
        if not plain.startswith("/lab/"):
            self.calls[f"{method} {plain}"] += 1

    def writes(self) -> int:
        return sum(number for call, number in self.calls.items() if not call.startswith("GET "))


@contextmanager
def counted(target: str) -> Generator[Wire]:
    """A wire to `target`, in a thread of its own."""
    wire, loop, ready = Wire(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        async with ClientSession(auto_decompress=False) as session:

            async def handle(request: web.Request) -> web.Response:
                wire.note(request.method, request.path)
                headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
                body, url = await request.read(), f"{target}{request.raw_path}"
                async with session.request(request.method, url, headers=headers, data=body) as answer:
                    kept = {n: v for n, v in answer.headers.items() if n.lower() not in HOP}
                    content = await answer.read()
                    wire.received += len(content)
                    return web.Response(
                        status=answer.status, reason=answer.reason, body=content, headers=kept
                    )

            runner = web.AppRunner(_only(handle), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            wire.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()
            await stop.wait()
            await runner.cleanup()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield wire
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def _only(handle: Any) -> web.Application:
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{tail:.*}", handle)
    return app


def declared(url: str, count: int) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Path -> kind, name and spec of the cluster and its VMs."""
    found = {"lab.yaml": ("ProxmoxCluster", "lab", spec(url, count))}
    machines = {
        f"{canned.name(n)}.yaml": ("VirtualMachine", canned.name(n), canned.spec(n)) for n in range(count)
    }
    return {**found, **machines}


SECRETS = {SECRET_NAME: SECRET}
