"""The client on the wire: what it sends, what it makes of silence, whom it trusts, and what it never logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from setpoint.model.errors import BusyError, DownError, OutcomeUnknownError, RefusalError, TransportError
from setpoint_proxmox import transport
from setpoint_proxmox.client import Client
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.transport import Login
from tests.systems.proxmox.certificates import Certificate
from tests.systems.proxmox.gates import Register
from tests.systems.proxmox.served import OK, answer, by_path, serve

SECRET = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
LOGIN = Login("ctl@pve", "plumb", SECRET)


@contextlib.asynccontextmanager
async def client(
    *ports: int, scheme: str = "http", trust: Trust | None = None, gate: Register | None = None
) -> AsyncGenerator[Client]:
    endpoints = [Endpoint.parse(f"{scheme}://127.0.0.1:{port}") for port in ports]
    found = Client(endpoints, LOGIN, trust or Trust(), gate or Register())
    try:
        yield found
    finally:
        await found.close()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_a_read_carries_the_token_and_its_parameters() -> None:
    async with serve(OK) as server, client(server.port) as api:
        assert await api.get("cluster", "resources", type="vm") == {"version": "9.2"}

        (request,) = server.requests
        assert request.startswith("GET /api2/json/cluster/resources?type=vm HTTP/1.1\r\n")
        assert f"Authorization: PVEAPIToken=ctl@pve!plumb={SECRET}\r\n" in request


async def test_a_write_is_a_form_with_booleans_as_numbers() -> None:
    async with serve(answer("200 OK", '{"data":null}')) as server, client(server.port) as api:
        assert (
            await api.put(
                "nodes", "pve1", "qemu", 100, "config", onboot=True, numa=False, name="a", lock=None
            )
            is None
        )

        (request,) = server.requests
        assert "\r\nConnection: close\r\n" in request
        assert request.endswith("\r\n\r\nonboot=1&numa=0&name=a")


async def test_what_perl_would_split_is_encoded() -> None:
    async with serve(answer("200 OK", '{"data":null}')) as server, client(server.port) as api:
        await api.put("x", description="a;b=c&d ü")

        assert server.requests[0].endswith("description=a%3Bb%3Dc%26d+%C3%BC")


async def test_reads_share_a_connection_and_every_write_has_its_own() -> None:
    async with serve(OK, keep=True) as server, client(server.port) as api:
        for _ in range(3):
            await api.get("version")
        assert server.connections == 1
        for _ in range(3):
            await api.post("version")
        assert server.connections == 4


@pytest.mark.parametrize("part", ["..", ".", "", "a/b", "a?b=1", "a#b", "a b", "a%2fb", "pve1\n"])
async def test_a_part_that_leaves_its_place_is_not_sent(part: str) -> None:
    async with serve(OK) as server, client(server.port) as api:
        with pytest.raises(RefusalError, match="cannot stand in a path"):
            await api.get("nodes", part, "status")

        assert server.requests == []


async def test_a_task_id_stands_in_a_path() -> None:
    upid = "UPID:pve1:0000040A:000482AF:6B010B8B:qmmove:141-unused0>143-scsi5:ctl@pve!plumb:"
    async with serve(OK) as server, client(server.port) as api:
        await api.get("nodes", "pve1", "tasks", upid, "status")

        assert f"/tasks/{upid.replace('>', '%3E')}/status" in server.requests[0]


@pytest.mark.parametrize(
    ("write", "error"), [(False, TransportError), (True, TransportError)], ids=["read", "write"]
)
async def test_a_refused_connection_is_a_call_that_was_not_made(
    *, write: bool, error: type[Exception]
) -> None:
    async with client(closed_port()) as api:
        with pytest.raises(error, match="cannot be reached"):
            await (api.post("x") if write else api.get("x"))


async def test_a_read_asks_again_when_a_kept_connection_is_closed() -> None:
    async with serve(None, None, OK) as server, client(server.port) as api:
        assert await api.get("version") == {"version": "9.2"}
        assert len(server.requests) == 3


async def test_a_write_whose_reply_is_lost_is_in_doubt_and_never_repeated() -> None:
    async with serve(None, OK) as server, client(server.port) as api:
        with pytest.raises(OutcomeUnknownError, match="may or may not have been executed"):
            await api.post("nodes", "pve1", "qemu", vmid=100)

        assert len(server.requests) == 1


async def test_silence_leaves_a_write_in_doubt_and_is_asked_once_by_a_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr(transport, "WRITE_SECONDS", 0.2)
    silent = b"HTTP/1.1 200 OK\r\n"
    async with serve(silent, keep=True) as server, client(server.port) as api:
        with pytest.raises(OutcomeUnknownError):
            await api.post("x")
        with pytest.raises(TransportError):
            await api.get("x")

        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body", ["<html>welcome</html>", "[]", '{"errors":1}'], ids=["html", "list", "no data"]
)
async def test_what_is_not_the_api_is_no_answer(body: str) -> None:
    async with serve(answer("200 OK", body)) as server, client(server.port) as api:
        with pytest.raises(TransportError, match="not the Proxmox API"):
            await api.get("version")
        with pytest.raises(OutcomeUnknownError):
            await api.post("version")


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    async with (
        serve(OK) as other,
        serve(answer("302 Found", "", f"Location: http://127.0.0.1:{other.port}/")) as server,
    ):
        async with client(server.port) as api:
            with pytest.raises(TransportError):
                await api.get("version")

        assert other.requests == []


async def test_every_text_of_a_failure_is_told() -> None:
    body = '{"data":null,"message":"Parameter verification failed.\\n","errors":{"cores":"too few\\n","bogus":"unknown"}}'
    async with (
        serve(answer("400 Parameter verification failed.", body)) as server,
        client(server.port) as api,
    ):
        with pytest.raises(
            RefusalError, match=r"Parameter verification failed\.; bogus: unknown; cores: too few$"
        ):
            await api.put("x", cores=0)


async def test_a_reason_without_a_body_is_read_as_utf_8() -> None:
    async with serve(answer("500 storage 'datenö' does not exist", "")) as server, client(server.port) as api:
        with pytest.raises(RefusalError, match="storage 'datenö' does not exist"):
            await api.post("x")


async def test_another_endpoint_is_asked_when_one_cannot_be_reached_and_is_asked_first_from_then_on() -> None:
    async with serve(OK) as server, client(closed_port(), server.port) as api:
        await api.get("version")

        assert api.endpoint == f"127.0.0.1:{server.port}"


async def test_a_write_goes_to_another_endpoint_only_when_it_certainly_was_not_executed() -> None:
    async with serve(None) as first, serve(OK) as second, client(first.port, second.port) as api:
        with pytest.raises(OutcomeUnknownError):
            await api.post("x")
        assert second.requests == []
    async with serve(OK) as second, client(closed_port(), second.port) as api:
        await api.post("x")
        assert len(second.requests) == 1


@pytest.mark.parametrize(
    ("path", "asked"), [(("nodes", "pve2", "status"), 0), (("cluster", "status"), 1)], ids=["node", "cluster"]
)
async def test_a_dead_node_behind_a_good_endpoint_is_not_looked_for_elsewhere(
    path: tuple[str, ...], asked: int
) -> None:
    async with serve(answer("595 No route to host", "")) as first, serve(OK) as second:
        async with client(first.port, second.port) as api:
            with contextlib.suppress(TransportError):
                await api.get(*path)

        assert len(second.requests) == asked


@pytest.mark.parametrize(
    ("path", "asked"), [(("nodes", "pve2", "status"), 0), (("cluster", "status"), 1)], ids=["node", "cluster"]
)
async def test_a_node_that_hangs_is_not_looked_for_elsewhere(
    monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...], asked: int
) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    async with serve(b"", keep=True) as first, serve(OK) as second:
        async with client(first.port, second.port) as api:
            with contextlib.suppress(TransportError):
                await api.get(*path)

        assert len(second.requests) == asked


async def test_a_node_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 5.0)
    async with serve(by_path({"/nodes/pve2/": b""}, OK), keep=True) as server, client(server.port) as api:
        hung = [asyncio.create_task(api.get("nodes", "pve2", "qemu", vmid, "config")) for vmid in range(64)]
        try:
            async with asyncio.timeout(4):
                await api.get("nodes", "pve1", "status")
                await api.get("cluster", "status")
            assert not any(task.done() for task in hung)
        finally:
            for task in hung:
                task.cancel()


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        pytest.param(("version",), (), id="cluster"),
        pytest.param(("nodes", "pve2", "qemu", 100, "config"), ("node/pve2",), id="node"),
        pytest.param(
            ("nodes", "pve2", "storage", "ceph", "content"), ("node/pve2", "storage/ceph"), id="storage"
        ),
    ],
)
async def test_every_call_passes_the_gate_with_what_it_uses(
    path: tuple[str, ...], scopes: tuple[str, ...]
) -> None:
    gate = Register()
    async with serve(OK) as server, client(server.port, gate=gate) as api:
        await api.get(*path)
        await api.post(*path)
        await api.put(*path)

    assert gate.passed == [(scopes, False), (scopes, True), (scopes, True)]
    assert gate.failed == []


async def test_a_shut_gate_lets_nothing_through() -> None:
    async with serve(OK) as server, client(server.port, gate=Register(shut=True)) as api:
        with pytest.raises(DownError):
            await api.post("version")

    assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "scope"),
    [(answer("595 No route to host", ""), "node/pve2"), (None, "node/pve2")],
    ids=["dead node", "dropped"],
)
async def test_a_failure_is_laid_at_the_node_once_whatever_was_tried(reply: bytes | None, scope: str) -> None:
    gate = Register()
    async with (
        serve(reply) as first,
        serve(reply) as second,
        client(first.port, second.port, gate=gate) as api,
    ):
        with pytest.raises(TransportError):
            await api.get("nodes", "pve2", "status")

    assert gate.failed == [scope]


async def test_endpoints_that_cannot_be_reached_are_the_cluster_s_failure() -> None:
    gate = Register()
    async with client(closed_port(), closed_port(), gate=gate) as api:
        with pytest.raises(TransportError):
            await api.get("nodes", "pve2", "status")

    assert gate.failed == [""]


async def test_a_refusal_and_a_write_in_doubt_are_no_failures_of_transport() -> None:
    gate = Register()
    busy = answer("500 VM is locked (backup)", "")
    async with serve(busy, None) as server, client(server.port, gate=gate) as api:
        with pytest.raises(BusyError):
            await api.post("nodes", "pve1", "qemu")
        with pytest.raises(OutcomeUnknownError):
            await api.post("nodes", "pve1", "qemu")

    assert gate.failed == []


async def test_refused_is_refused_everywhere() -> None:
    async with (
        serve(answer("401 No ticket", "")) as first,
        serve(OK) as second,
        client(first.port, second.port) as api,
    ):
        with pytest.raises(RefusalError):
            await api.get("version")

        assert second.requests == []


async def test_neither_the_token_nor_what_is_sent_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    loggers = [
        logging.getLogger(name)
        for name in ("proxmoxer.core", "proxmoxer.backends.https", "urllib3", "requests")
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG):
            async with (
                serve(answer("200 OK", '{"data":"hidden-answer"}')) as server,
                client(server.port) as api,
            ):
                await api.post("access", "users", password="hidden-request")
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)

    assert "POST" in caplog.text
    assert SECRET not in caplog.text
    assert "hidden" not in caplog.text


def test_a_login_does_not_show_its_secret() -> None:
    assert SECRET not in repr(LOGIN)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("by", ["ca", "fingerprint"])
async def test_a_known_certificate_is_trusted(certificate: Certificate, by: str, method: str) -> None:
    trust = Trust(ca=str(certificate.pem)) if by == "ca" else Trust(fingerprint=certificate.fingerprint)
    async with (
        serve(OK, tls=certificate.context) as server,
        client(server.port, scheme="https", trust=trust) as api,
    ):
        assert await getattr(api, method)("version") == {"version": "9.2"}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("trust", [Trust(), Trust(fingerprint="AB" * 32)], ids=["authorities", "fingerprint"])
async def test_an_unknown_certificate_is_given_no_token(
    certificate: Certificate, trust: Trust, method: str
) -> None:
    async with (
        serve(OK, tls=certificate.context) as server,
        client(server.port, scheme="https", trust=trust) as api,
    ):
        with pytest.raises(TransportError, match="cannot be reached"):
            await getattr(api, method)("version")

        assert server.requests == []


async def test_a_missing_ca_file_is_said(tmp_path: Path) -> None:
    trust = Trust(ca=str(tmp_path / "none.pem"))
    async with client(closed_port(), scheme="https", trust=trust) as api:
        with pytest.raises(RefusalError, match="check the cluster's ca file"):
            await api.get("version")
