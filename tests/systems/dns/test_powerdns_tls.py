"""Whom the client of a PowerDNS believes: whoever is not who it should be gets no key, and not one byte of a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from setpoint.model.errors import TransportError
from setpoint.model.secret import Secret
from setpoint.run.gate import LaneGate
from setpoint_dns.powerdns.access import Access
from setpoint_dns.powerdns.server import PowerdnsServer
from tests.security.authority import Authority, Issued
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.proxy import Proxy


@dataclass(frozen=True)
class Place:
    """Two authorities; ours is the one that the client knows."""

    ours: Authority
    theirs: Authority


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Authority(tmp_path / "ours"), Authority(tmp_path / "theirs"))


@asynccontextmanager
async def reaching(url: str, *, ca: str = "", fingerprint: str = "") -> AsyncGenerator[PowerdnsServer]:
    access = Access(url, Secret(API_KEY), "{env: KEY}", ca=ca, fingerprint=fingerprint)
    server = PowerdnsServer(access, LaneGate())
    yield server
    await server.close()
    await asyncio.sleep(
        0.3
    )  # The loop closes the socket of a handshake that failed a little later than its client.


FRIENDS: dict[str, Callable[[Place, Issued], dict[str, str]]] = {
    "authority": lambda place, _: {"ca": str(place.ours.pem)},
    "fingerprint": lambda _, issued: {"fingerprint": issued.fingerprint},
}
STRANGERS: dict[str, tuple[Callable[[Place], Issued], Callable[[Place], dict[str, str]]]] = {
    "another authority": (lambda place: place.theirs.issue(), lambda place: {"ca": str(place.ours.pem)}),
    "no authority of the system": (lambda place: place.ours.issue(), lambda _: {}),
    "expired": (lambda place: place.ours.issue(-2, -1), lambda place: {"ca": str(place.ours.pem)}),
    "another name": (
        lambda place: place.ours.issue(name=x509.DNSName("dns.example.org")),
        lambda place: {"ca": str(place.ours.pem)},
    ),
    "another fingerprint": (
        lambda place: place.ours.issue(),
        lambda place: {"fingerprint": place.ours.issue().fingerprint},
    ),
}


@pytest.mark.parametrize("by", FRIENDS)
async def test_a_server_is_believed_by_its_certificate(
    pdns: Pdns, proxied: Callable[..., Proxy], place: Place, by: str
) -> None:
    issued = place.ours.issue()
    proxy = proxied(pdns.api_port, issued.context)
    async with reaching(proxy.url, **FRIENDS[by](place, issued)) as server:
        assert (await server.version()).startswith("PowerDNS")


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_stranger_gets_not_one_byte(
    pdns: Pdns, proxied: Callable[..., Proxy], place: Place, who: str
) -> None:
    shown, trust = STRANGERS[who]
    proxy = proxied(pdns.api_port, shown(place).context)
    async with reaching(proxy.url, **trust(place)) as server:
        with pytest.raises(TransportError, match="cannot be reached") as caught:
            await server.destroy("example.test.")
        async with asyncio.timeout(20):
            while proxy.open:  # A connection that was refused after its handshake ends in its own time.
                await asyncio.sleep(0.01)
    assert proxy.requests == []
    assert API_KEY not in str(caught.value)
