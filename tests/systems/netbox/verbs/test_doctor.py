"""`setpoint doctor` where the settings name a NetBox: all that `netbox check` knows, and no wait without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from setpoint.cli import doctor_apart
from setpoint_netbox.verbs import client
from tests.rig.admin import Said
from tests.systems.netbox.ground import between
from tests.systems.netbox.verbs.desk import Desk, Fault

pytestmark = pytest.mark.integration


def of_netbox(said: Said) -> list[dict[str, Any]]:
    return [one for one in said.told["checks"] if one["name"].startswith(("netbox", "inventories"))]


def wrong(said: Said) -> list[tuple[str, str]]:
    return [(one["name"], one["sentence"]) for one in of_netbox(said) if one["verdict"] == "wrong"]


async def through(desk: Desk, spoil: Callable[[web.Request], Awaitable[Any]], *words: str) -> Said:
    async with between(desk.netbox.url, spoil) as middle:
        desk.settle(middle.url, writeBack={})
        return await asyncio.to_thread(desk.run, "doctor", *words)


def test_it_makes_the_very_checks_of_netbox_check(ready: Desk) -> None:
    ready.narrow()
    made = [
        {**one, "name": f"netbox {one['name']}"}
        for one in ready.type("check", "-o", "json").told["checks"]
        if one["name"] != "clock"  # It goes on meanwhile.
    ]
    general, *particular = of_netbox(ready.run("doctor", "-o", "json"))
    assert (general["name"], general["verdict"]) == ("inventories", "wrong")
    assert [one for one in particular if one["name"] != "netbox clock"] == made


def test_each_permission_that_is_missing_is_named(ready: Desk) -> None:
    assert wrong(ready.run("doctor", "-o", "json")) == []
    ready.narrow()
    said = ready.run("doctor")
    assert said.code == 1
    for one in ("ipam.ipaddress", "core.objectchange"):
        assert (
            f"wrong    netbox permission: the token may not view {one}; run setpoint netbox init" in said.out
        )


@pytest.mark.parametrize("fault", ["html", "silent", "cut"])
async def test_one_that_cannot_be_read_is_wrong_once(
    ready: Desk, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    said = await through(ready, Fault(0, fault), "-o", "json")
    assert [name for name, _ in wrong(said)] == ["inventories"]
    assert "declarations" in {one["name"] for one in said.told["checks"]}


def test_a_token_that_cannot_be_read_or_sent_is_wrong_once(ready: Desk) -> None:
    token = ready.folder / "token"
    token.write_text("nbt_€.1\n")
    said = ready.run("doctor", "-o", "json")
    assert "has signs in it that no header can hold" in wrong(said)[0][1]
    assert (len(wrong(said)), "Traceback" in said.err, "€" in said.out) == (1, False, False)
    token.unlink()
    ((_, sentence),) = wrong(ready.run("doctor", "-o", "json"))
    assert "cannot be read" in sentence


async def test_one_that_reads_well_and_then_hangs_is_left_behind(
    ready: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_apart, "PATIENCE", 1.0)
    over = asyncio.Event()

    async def hang(request: web.Request) -> None:
        # Only what is examined asks what it may write.
        if request.method == "OPTIONS":
            await over.wait()

    async with between(ready.netbox.url, hang) as middle:
        ready.settle(middle.url, writeBack={})
        said = await asyncio.to_thread(ready.run, "doctor", "-o", "json")
        over.set()
    assert wrong(said) == [("netbox time", "not everything was looked at within 1 s")]
    names = [one["name"] for one in said.told["checks"]]
    assert names.index("declarations") > names.index("netbox time")


@pytest.mark.parametrize("status", [400, 403, 500, 302])
async def test_what_repeats_the_token_is_told_without_it(ready: Desk, status: int) -> None:
    token = (ready.folder / "token").read_text().strip()
    sent: list[str] = []

    async def repeat(request: web.Request) -> web.StreamResponse:
        sent.append(request.headers["Authorization"])
        headers = {"Location": f"/?of={sent[-1]}"} if status == web.HTTPFound.status_code else {}
        return web.json_response({"detail": sent[-1]}, status=status, headers=headers)

    async with between(ready.netbox.url, repeat) as middle:
        ready.settle(middle.url, writeBack={})
        for words in (("doctor",), ("doctor", "-o", "json"), ("netbox", "check")):
            said = await asyncio.to_thread(ready.run, *words)
            assert said.code == 1
            assert token.partition(".")[2] not in said.out + said.err
    assert any(token in one for one in sent)
