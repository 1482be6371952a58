"""Whom the client of a cluster believes: whoever is not who it should be gets no token, and not one byte of a call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from setpoint.model.errors import OutcomeUnknownError, TargetError, TransportError
from setpoint_proxmox.client import Client
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.transport import Login
from tests.security.authority import Authority, Issued
from tests.systems.proxmox.gates import Register
from tests.systems.proxmox.served import OK, answer, serve

LOGIN = Login("ctl@pve", "setpoint", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
METHODS = pytest.mark.parametrize("method", ["get", "post", "put"])


@dataclass(frozen=True)
class Place:
    """Two authorities; ours is the one that the client knows."""

    ours: Authority
    theirs: Authority


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Authority(tmp_path / "ours"), Authority(tmp_path / "theirs"))


@contextlib.asynccontextmanager
async def client(port: int, trust: Trust) -> AsyncGenerator[Client]:
    found = Client([Endpoint.parse(f"https://127.0.0.1:{port}")], LOGIN, trust, Register())
    try:
        yield found
    finally:
        await found.close()


def by_ca(place: Place) -> Trust:
    return Trust(ca=str(place.ours.pem))


ELSEWHERE = x509.DNSName("pve1.example.org")
STRANGERS: list[tuple[str, Callable[[Place], Issued], Callable[[Place], Trust]]] = [
    ("another authority", lambda place: place.theirs.issue(), by_ca),
    ("no authority of the system", lambda place: place.ours.issue(), lambda _: Trust()),
    ("expired", lambda place: place.ours.issue(-2, -1), by_ca),
    ("not valid yet", lambda place: place.ours.issue(1, 2), by_ca),
    ("another name", lambda place: place.ours.issue(name=ELSEWHERE), by_ca),
    ("another fingerprint", lambda place: place.ours.issue(), lambda place: Trust(fingerprint=place.ours.issue().fingerprint)),
    (
        "another fingerprint by the right authority",
        lambda place: place.ours.issue(),
        lambda place: Trust(ca=str(place.ours.pem), fingerprint=place.ours.issue().fingerprint),
    ),
]  # fmt: skip


@METHODS
@pytest.mark.parametrize(("issued", "trust"), [pytest.param(*rest, id=name) for name, *rest in STRANGERS])
async def test_a_stranger_gets_nothing(
    place: Place, issued: Callable[[Place], Issued], trust: Callable[[Place], Trust], method: str
) -> None:
    async with (
        serve(OK, tls=issued(place).context) as server,
        client(server.port, trust(place)) as api,
    ):
        with pytest.raises(TransportError, match=r"cannot be reached: .*(certificate|Fingerprints)"):
            await getattr(api, method)("version")
        assert server.requests == []


@METHODS
async def test_who_is_who_it_should_be_is_asked(place: Place, method: str) -> None:
    issued = place.ours.issue()
    for trust in (by_ca(place), Trust(fingerprint=issued.fingerprint)):
        async with serve(OK, tls=issued.context) as server, client(server.port, trust) as api:
            assert await getattr(api, method)("version") == {"version": "9.2"}
            assert len(server.requests) == 1


async def test_a_pinned_certificate_counts_although_it_has_expired(place: Place) -> None:
    """As the settings say: the fingerprint replaces every other check."""
    issued = place.theirs.issue(-2, -1)
    async with (
        serve(OK, tls=issued.context) as server,
        client(server.port, Trust(fingerprint=issued.fingerprint)) as api,
    ):
        assert await api.get("version") == {"version": "9.2"}


@METHODS
@pytest.mark.parametrize("pinned", [True, False], ids=["fingerprint", "authority"])
async def test_one_who_takes_the_place_of_a_good_server_gets_nothing(
    place: Place, method: str, *, pinned: bool
) -> None:
    good, bad = place.ours.issue(), place.theirs.issue()
    trust = Trust(fingerprint=good.fingerprint) if pinned else by_ca(place)
    async with serve(OK, tls=good.context, keep=True) as first:
        port = first.port
        async with client(port, trust) as api:
            await api.get("version")
            first.leave()
            async with serve(OK, tls=bad.context, port=port) as second:
                with pytest.raises(TransportError, match=r"cannot be reached: .*(certificate|Fingerprints)"):
                    await getattr(api, method)("version")
                assert second.requests == []


@METHODS
async def test_a_server_without_tls_gets_no_call(method: str) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(4096))
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server, client(server.sockets[0].getsockname()[1], Trust()) as api:
        with pytest.raises((TransportError, OutcomeUnknownError)):
            await getattr(api, method)("version")
    assert heard
    assert b"PVEAPIToken" not in heard


@METHODS
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed(place: Place, method: str, status: str) -> None:
    async with serve(OK) as other:
        away = answer(status, "{}", f"Location: http://127.0.0.1:{other.port}/api2/json/version")
        issued = place.ours.issue()
        async with serve(away, tls=issued.context) as server, client(server.port, by_ca(place)) as api:
            with pytest.raises(TargetError):
                await getattr(api, method)("version")
        assert other.connections == 0


async def test_the_environment_leads_nowhere_else(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    issued = place.theirs.issue()
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login anna password planted\n")
    netrc.chmod(0o600)
    async with serve(OK) as proxy, serve(OK, tls=issued.context) as server:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(place.theirs.pem))
        monkeypatch.setenv("NETRC", str(netrc))
        async with client(server.port, by_ca(place)) as api:
            with pytest.raises(TransportError, match="cannot be reached"):
                await api.get("version")
        async with client(server.port, Trust(fingerprint=issued.fingerprint)) as api:
            await api.get("version")
        assert proxy.connections == 0
        assert "Authorization: PVEAPIToken=" in server.requests[0]
        assert "Basic" not in server.requests[0]
