"""The wire between the product's client and the emulator: proxmoxer's session, with no socket and no thread behind it.

All above is the product's own: its calls, its reading of answers, its table of failures. What `transport` does below
(connections, TLS, repeated reads) is imitated here, and a test compares both.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from proxmoxer.core import ProxmoxResource
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from setpoint_lab.proxmox.dispatch import Request, answer
from setpoint_lab.proxmox.envelope import DROPPED, Answer
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.transport import CONNECT_SECONDS, READ_SECONDS, WRITE_SECONDS, Envelope, Login
from tests.simulation.life import Life, current
from tests.simulation.loop import OnTheWay, mix
from tests.simulation.site import Site

READS = 3
"""How often a read is sent whose connection was dropped: as `transport` says."""
FORM = "application/x-www-form-urlencoded"


@dataclass
class Link:
    """The way to one endpoint.

    Attributes:
        cut: `refused` or `silent` while nothing gets through.
    """

    site: Site
    cut: str = ""


@dataclass
class Loss:
    """Something that happens to the next requests that fit.

    Attributes:
        methods: which.
        moment: `before` the request arrives, or `after` it had its effect.
        slow: whether the client waits in vain, or is told at once that the connection is gone.
        left: to how many.
    """

    methods: frozenset[str]
    moment: str
    slow: bool
    left: int


class DroppedError(Exception):
    """The connection went away without an answer."""


@dataclass
class Network:
    """All ways and what goes wrong on them.

    Attributes:
        sending: told of every request before it leaves, and may raise what the run ends with.
        ended: told of every request that the client waits for no more, with what it met.
        lost: told of every write whose answer does not come.
        told: a line for the trace.
    """

    dice: random.Random
    told: Callable[[str, str], None]
    ended: Callable[[Site, Request, Answer | Exception], None] = lambda site, request, found: None
    sending: Callable[[Life, Site, Request], None] = lambda life, site, request: None
    lost: Callable[[Site, Request], None] = lambda site, request: None
    links: dict[str, Link] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    latency: float = 0.02

    def open_api(self, endpoint: Endpoint, login: Login, _trust: Trust) -> Any:
        """What `transport.open_api` gives, over this network."""
        session = Session(self, self.links[endpoint.host], current(), login)
        return ProxmoxResource(base_url=endpoint.url, session=session, serializer=Envelope())

    async def carry(self, link: Link, life: Life, request: Request) -> Answer | Exception:
        """The answer, or what the client meets instead of it."""
        for _ in range(READS if request.method == "GET" else 1):
            try:
                return await self._once(link, life, request)
            except DroppedError:
                continue
            except requests.RequestException as error:
                return error
        if request.method != "GET":
            self.lost(link.site, request)
        return requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))

    async def _once(self, link: Link, life: Life, request: Request) -> Answer:
        limit = READ_SECONDS if request.method == "GET" else WRITE_SECONDS
        await asyncio.sleep(mix(self.dice, 0.001, self.latency))
        if link.cut:
            await self._fail_to_connect(link)
        loss = self._hit(request)
        if loss is not None and loss.moment == "before":
            self.told("lost before", f"{request.method} {request.target}")
            await self._no_answer(limit, loss)
        life.point("send")
        if not life.dead:
            self.sending(life, link.site, request)
        execution = asyncio.ensure_future(answer(link.site.world, request))
        life.point("sent")
        done, _ = await asyncio.wait((execution,), timeout=limit)
        if loss is not None and loss.moment == "after":
            self.told("lost after", f"{request.method} {request.target}")
            await self._no_answer(limit, loss)
        if not done:
            self.lost(link.site, request)
            raise requests.ReadTimeout(f"no answer within {limit:.0f} s")
        found = execution.result()
        if found is DROPPED:
            raise DroppedError
        if found.status >= 595:  # Proxmox's own codes of a proxied call
            self.lost(link.site, request)
        await asyncio.sleep(mix(self.dice, 0.001, self.latency))
        life.point("reply")
        return found

    async def _fail_to_connect(self, link: Link) -> None:
        if link.cut == "refused":
            reason = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]
            raise requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]
        await asyncio.sleep(CONNECT_SECONDS)
        raise requests.ConnectTimeout("timed out")

    async def _no_answer(self, limit: float, loss: Loss) -> None:
        if not loss.slow:
            raise DroppedError
        await asyncio.sleep(limit)
        raise requests.ReadTimeout(f"no answer within {limit:.0f} s")

    def _hit(self, request: Request) -> Loss | None:
        for loss in self.losses:
            if loss.left and request.method in loss.methods:
                loss.left -= 1
                return loss
        return None


class Session:
    """What proxmoxer takes for a session of `requests`; one life's, on one link."""

    def __init__(self, network: Network, link: Link, life: Life, login: Login) -> None:
        self._network = network
        self._link = link
        self._life = life
        self._headers = {
            "Authorization": f"PVEAPIToken={login.user}!{login.token}={login.secret}",
            "Content-Type": FORM,
        }
        self._arrived: list[Answer | Exception] = []

    def request(
        self, method: str, url: str, data: Mapping[str, Any] | None, params: Mapping[str, Any] | None
    ) -> Response:
        """Raises `OnTheWay` first; asked again it gives what has come."""
        if self._arrived:
            found = self._arrived.pop()
            if isinstance(found, Exception):
                raise found
            return Response(found)
        place = urlsplit(url)
        query = f"?{urlencode(params)}" if params else ""
        body = urlencode(data).encode() if data else b""
        request = Request(method, f"{place.path}{query}", self._headers, body)
        raise OnTheWay(self._travel(request))

    async def _travel(self, request: Request) -> None:
        found = await self._network.carry(self._link, self._life, request)
        self._network.ended(self._link.site, request, found)
        if self._life.dead:
            await self._life.never.wait()  # Nobody is there any more whom it could reach.
        status = found.status if isinstance(found, Answer) else type(found).__name__
        self._network.told("call", f"{request.method} {request.target} {status}")
        # Nothing awaits between this and the second call, so the answer reaches the one who asked.
        self._arrived.append(found)

    def close(self) -> None:
        """Nothing is kept open."""


class Response:
    """What proxmoxer reads of an answer."""

    def __init__(self, found: Answer) -> None:
        self.status_code = found.status
        self.reason = found.reason
        self.content = found.body

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise requests.JSONDecodeError(str(error), "", 0) from error
