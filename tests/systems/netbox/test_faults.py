"""A NetBox that fails, in every way: what was read stays in force, it is left alone for a while, and nothing is lost then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret
from setpoint_netbox.api import line as api_line
from setpoint_netbox.api.failures import (
    DeniedError,
    GoneError,
    NetBoxError,
    OutageError,
    RefusedError,
    StaleError,
    StrangerError,
    TokenError,
)
from setpoint_netbox.api.line import Access, Line
from setpoint_netbox.watch.pace import LONGEST, PATIENT
from tests.security.authority import Authority
from tests.systems.netbox.ground import MACHINES, TOKEN, NetBox, between, following

CLUSTER = 1
TAGGED = {"select": {"tags": ["setpoint"]}}
pytestmark = pytest.mark.integration
Answering: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    """The connection ends in the middle of what was announced."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"count": null, "results": [')
    assert request.transport is not None
    request.transport.close()
    return response


async def slow(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for ever."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


def says(status: int, text: str, kind: str = "application/json", **headers: str) -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=kind, headers=headers)

    return answer


def detail(status: int, text: str) -> Answering:
    return says(status, json.dumps({"detail": text}))


HTML = "<!DOCTYPE html><title>Bad gateway</title>"
FAULTS = [
    pytest.param(silence, OutageError, "took too long|timeout", id="silence"),
    pytest.param(slow, OutageError, "took too long|timeout", id="a page that never ends"),
    pytest.param(reset, OutageError, "gave no whole answer", id="reset"),
    pytest.param(half, OutageError, "gave no whole answer", id="half an answer"),
    pytest.param(says(200, '{"count": null, "resu'), OutageError, "gave no whole answer", id="half a JSON"),
    pytest.param(says(502, HTML, "text/html"), OutageError, "what is before NetBox does not reach it", id="502"),
    pytest.param(says(500, '{"error": "x"}'), OutageError, "see the log of NetBox", id="500"),
    pytest.param(says(429, "{}"), OutageError, "too many calls", id="429"),
    pytest.param(says(200, HTML, "text/html"), StrangerError, r"url, with the path", id="a page of HTML"),
    pytest.param(says(404, HTML, "text/html"), StrangerError, r"url, with the path", id="no such page"),
    pytest.param(says(400, HTML, "text/html"), StrangerError, r"url, with the path", id="too long a line"),
    pytest.param(says(200, "[" * 100_000), OutageError, "gave no whole answer", id="brackets without an end"),
    pytest.param(says(400, "[" * 100_000), StrangerError, "url, with the path", id="the same as a refusal"),
    pytest.param(says(200, '{"items": []}'), StrangerError, "no page of a list", id="another API"),
    pytest.param(
        says(302, "", Location="https://login.example.org/"), StrangerError, "login.example.org", id="a redirect"
    ),
    pytest.param(detail(403, "Invalid v2 token"), TokenError, "put a token that is valid", id="a bad token"),
    pytest.param(detail(403, "Token expired"), TokenError, "put a token that is valid", id="an expired token"),
    pytest.param(detail(403, "Token disabled"), TokenError, "put a token that is valid", id="a disabled token"),
    pytest.param(
        detail(403, "Authentication credentials were not provided."), TokenError, "valid", id="no token"
    ),
    pytest.param(
        detail(403, "Source IP 10.0.0.1 is not permitted to authenticate using this token."),
        TokenError, "valid", id="a token for another host",
    ),
    pytest.param(says(401, "{}"), TokenError, "valid", id="401"),
    pytest.param(
        detail(403, "You do not have permission to perform this action."),
        DeniedError, "setpoint netbox init", id="no permission",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "error", "sentence"), FAULTS)
async def test_a_failure_keeps_what_was_read_and_loses_nothing(
    netbox: NetBox, fault: Answering, error: type[NetBoxError], sentence: str
) -> None:
    web_id, gone = netbox.machine(CLUSTER, "web01"), netbox.machine(CLUSTER, "gone01")
    async with between(netbox.url) as middle, following(middle.url, read=0.5, **TAGGED) as one:
        one.line.access = Access(one.line.access.url, one.line.access.token)  # as patient as ever at first
        before = await one.fetch()
        one.line.access = Access(one.line.access.url, one.line.access.token, read=0.5)

        async def spoil(request: web.Request) -> web.StreamResponse | None:
            return await fault(request)

        middle.spoil = spoil
        netbox.edit(MACHINES, web_id, memory=4096)
        netbox.remove(MACHINES, gone)
        with pytest.raises(error, match=sentence) as told:
            await one.fetch()
        assert TOKEN not in str(told.value)
        assert one.kept is before
        calls = len(middle.calls)
        with pytest.raises(error):
            await one.fetch(0.1)
        assert len(middle.calls) == calls, "it is left alone for a while"
        middle.spoil = None
        one.line.access = Access(one.line.access.url, one.line.access.token)
        await one.fetch(PATIENT + 1)
        assert one.view(web_id)["memory"] == 4096
        assert one.names() == {web_id: "web01"}
        assert one.released() == {}


async def test_who_does_not_answer_is_asked_ever_more_seldom(netbox: NetBox) -> None:
    async with between(netbox.url) as middle, following(middle.url) as one:

        async def spoil(_: web.Request) -> web.StreamResponse | None:
            return web.Response(status=502)

        middle.spoil = spoil
        for _ in range(600):
            with pytest.raises(OutageError):
                await one.fetch(1.0)
        # 1, 2, 4 ... seconds and then a minute, halved by chance.
        assert 600 / LONGEST <= len(middle.calls) <= 2 * 600 / LONGEST + 8
        one.watcher.poke()
        calls = len(middle.calls)
        with pytest.raises(OutageError):
            await one.fetch(0.0)
        assert len(middle.calls) == calls + 1


async def test_nobody_at_the_address_is_told_at_once() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with following(f"http://127.0.0.1:{port}") as one:
        with pytest.raises(OutageError, match=r"Connect call failed|refused"):
            await one.fetch()


async def test_a_token_is_read_at_each_call_and_one_that_cannot_be_is_told(netbox: NetBox) -> None:
    async with between(netbox.url) as middle, following(middle.url, token="nbt_wrong.token") as one:
        with pytest.raises(TokenError, match="Invalid v2 token"):
            await one.fetch()
        one.line.access = Access(one.line.access.url, lambda: Secret(TOKEN))
        await one.fetch(PATIENT + 1)

        def missing() -> Secret:
            raise SettingsError("the variable T is not set", remedy="set it")

        one.line.access = Access(one.line.access.url, missing)
        with pytest.raises(TokenError, match="the variable T is not set; set it"):
            await one.fetch()


@pytest.mark.parametrize("value", ["nbt_a.b\r\nX-Evil: 1", "nbt a", "schlüssel"])
async def test_a_token_that_no_header_can_hold_is_not_sent(value: str) -> None:
    line = Line(Access("http://127.0.0.1:1", lambda: Secret(value)))
    with pytest.raises(TokenError, match="signs in it"):
        await line.get("status/")
    assert line.traffic.requests == 0


@asynccontextmanager
async def answering(answer: Answering) -> AsyncGenerator[Line]:
    async with between("http://127.0.0.1:1") as middle:

        async def spoil(request: web.Request) -> web.StreamResponse | None:
            return await answer(request)

        middle.spoil = spoil
        line = Line(Access(middle.url, lambda: Secret(TOKEN)))
        try:
            yield line
        finally:
            await line.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (detail(404, "No VirtualMachine matches the given query."), GoneError),
        (detail(412, "Precondition failed."), StaleError),
        (detail(409, "Unable to delete object."), RefusedError),
        (
            says(400, '{"tag": ["Select a valid choice. nope is not one of the available choices."]}'),
            RefusedError,
        ),
        (says(400, "[\"Invalid 'start' parameter\"]"), RefusedError),
    ],
    ids=["gone", "stale", "conflict", "unknown choice", "a bare list"],
)
async def test_a_refusal_tells_its_sort(answer: Answering, error: type[NetBoxError]) -> None:
    async with answering(answer) as line:
        with pytest.raises(error) as told:
            await line.get("virtualization/virtual-machines/7/")
        assert type(told.value) is error


async def test_what_netbox_says_of_a_field_is_kept_apart() -> None:
    said = '{"tag": ["Select a valid choice."], "__all__": "no"}'
    async with answering(says(400, said)) as line:
        with pytest.raises(RefusedError) as told:
            await line.get("virtualization/virtual-machines/")
        assert told.value.fields == {"tag": ["Select a valid choice."], "__all__": ["no"]}


async def test_a_server_that_repeats_the_token_does_not_bring_it_into_a_message() -> None:
    async def parrot(request: web.Request) -> web.StreamResponse:
        return web.json_response({"detail": f"bad {request.headers['Authorization']}"}, status=400)

    async with answering(parrot) as line:
        with pytest.raises(RefusedError) as told:
            await line.get("status/")
        assert TOKEN not in str(told.value)
        assert TOKEN not in repr(told.value)


async def test_an_answer_without_an_end_is_given_up_at_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_line, "LARGEST", 1 << 20)
    async with answering(says(200, "x" * (2 << 20))) as line:
        with pytest.raises(StrangerError, match="more than 1 MiB"):
            await line.get("status/")


async def test_one_call_goes_after_the_other_whoever_asks() -> None:
    under_way: list[int] = []
    most: list[int] = []

    async def watched(_: web.Request) -> web.StreamResponse:
        under_way.append(1)
        most.append(len(under_way))
        await asyncio.sleep(0.01)
        under_way.pop()
        return web.json_response({})

    async with answering(watched) as line:
        await asyncio.gather(*(line.get("status/") for _ in range(8)))
    assert most == [1] * 8


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ({"netbox-version": "4.1.3"}, "is version 4.1"),
        ({}, "no version of NetBox"),
        ([], "no version of NetBox"),
    ],
)
async def test_what_cannot_be_followed_is_told_before_anything_is_read(
    version: object, sentence: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse | None:
        return web.json_response(version)

    async with between("http://127.0.0.1:1", answer) as middle, following(middle.url) as one:
        with pytest.raises(StrangerError, match=sentence):
            await one.fetch()
        assert len(middle.calls) == 1


async def test_zones_need_their_plugin() -> None:
    async def answer(_: web.Request) -> web.StreamResponse | None:
        return web.json_response({"netbox-version": "4.6.8", "plugins": {}})

    async with between("http://127.0.0.1:1", answer) as middle, following(middle.url, zones={}) as one:
        with pytest.raises(StrangerError, match="no plugin netbox_dns"):
            await one.fetch()


async def test_a_tag_that_netbox_does_not_know_is_told(netbox: NetBox) -> None:
    async with following(netbox.url, select={"tags": ["setpiont"]}) as one:
        with pytest.raises(
            RefusedError, match=r"setpiont is not one of .*; correct inventories.netbox.select"
        ):
            await one.fetch()


async def test_a_netbox_is_believed_by_the_authority_of_the_settings_and_nobody_else_gets_the_token(
    netbox: NetBox, tmp_path: Path
) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    async with between(netbox.url, tls=ours.issue().context) as middle:
        async with following(middle.url, ca=str(ours.pem)) as one:
            await one.fetch()
        middle.calls.clear()
        for ca in (str(theirs.pem), "", str(tmp_path / "missing.pem")):
            async with following(middle.url, ca=ca) as one:
                with pytest.raises((OutageError, StrangerError), match=r"certificate|cannot be read"):
                    await one.fetch()
        assert middle.calls == []
