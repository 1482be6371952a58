"""Real DNS servers, each started for the test that asks for it; without the program the test is skipped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, ExitStack
from typing import TypeVar

import pytest

from setpoint_dns.powerdns.server import PowerdnsServer
from setpoint_dns.rfc2136.server import Rfc2136Server
from tests.systems.dns.powered import reach
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot, KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.servers.proxy import Proxy
from tests.systems.dns.updating import MAKES, MARK, Start, client, primary

ZONE = "example.test"
P = TypeVar("P", bound=Program)


@pytest.fixture
def start() -> Generator[Callable[[P], P]]:
    """Starts a server that was made (`start(Knot("a.test", "b.test"))`), and ends it after the test."""
    with ExitStack() as stack:

        def started(server: P) -> P:
            stack.callback(server.close)
            server.start()
            return server

        yield started


@pytest.fixture
def pdns(start: Callable[[Pdns], Pdns]) -> Pdns:
    """PowerDNS without zones."""
    return start(Pdns())


@pytest.fixture
def knot(start: Callable[[Knot], Knot]) -> Knot:
    """Knot with the zone `example.test`."""
    return start(Knot(ZONE))


@pytest.fixture
def bind(start: Callable[[Bind], Bind]) -> Bind:
    """BIND with the zone `example.test`."""
    return start(Bind(ZONE))


@pytest.fixture
def bind_views(start: Callable[[Bind], Bind]) -> Bind:
    """BIND with the zone `example.test` in the views `internal` and `external`."""
    return start(Bind(ZONE, views=True))


@pytest.fixture(params=MAKES)
def server(request: pytest.FixtureRequest, start: Start) -> Program:
    """A primary of each make with the zone `example.test`, which takes signed updates."""
    return primary(str(request.param), start)


@pytest.fixture
async def ours(server: Program) -> Rfc2136Server:
    """A client of it by signed updates; the zone bears its mark."""
    made = client(server.port)
    await made.mark(f"{ZONE}.", MARK)
    return made


@pytest.fixture
def knot_secondary(start: Callable[[Program], Program]) -> Callable[..., KnotSecondary]:
    """Makes a Knot that is secondary to another server: `knot_secondary(primary, "a.test")`.

    A primary that has to be told of it by its configuration is restarted; PowerDNS is told by `Pdns.add_zone`.
    """

    def secondary(primary: Program, *zones: str) -> KnotSecondary:
        made = KnotSecondary(primary.port, *(zones or (ZONE,)))
        start(made)
        if isinstance(primary, Knot | Bind):
            primary.notify.append(made.port)
            primary.restart()
        return made

    return secondary


@pytest.fixture
def proxied() -> Generator[Callable[..., Proxy]]:
    """Makes a proxy before a TCP port of 127.0.0.1 that breaks connections as it is told."""
    with ExitStack() as stack:
        yield lambda port, tls=None: stack.enter_context(Proxy(port, tls))


@pytest.fixture
async def reached() -> AsyncGenerator[Callable[..., PowerdnsServer]]:
    """Makes a client of a PowerDNS (`reached(pdns.url)`), and closes it after the test."""
    async with AsyncExitStack() as stack:

        def reached_at(url: str, *key: str) -> PowerdnsServer:
            found = reach(url, *key)
            stack.push_async_callback(found.close)
            return found

        yield reached_at
