"""`setpoint netbox check`: a NetBox in which all is well, and each way in which something is missing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from aiohttp import web

from setpoint_netbox.verbs import client
from setpoint_netbox.verbs.checks import may
from tests.systems.netbox.ground import between
from tests.systems.netbox.verbs.desk import Desk, Fault

pytestmark = pytest.mark.integration


def test_all_is_well_after_init(ready: Desk) -> None:
    said = ready.type("check")
    assert said.code == 0, said
    assert "wrong" not in said.out
    assert "the token may do all that is needed" in said.out
    assert "it takes 1 virtual machine" in said.out
    assert "NetBox's numbers are read as: disk in MiB, memory in MiB" in said.out


def _drop(endpoint: str, **names: str) -> Callable[[Desk], None]:
    def act(desk: Desk) -> None:
        (row,) = [one for one in desk.rows(endpoint) if names.items() <= one.items()]
        desk.netbox.remove(endpoint, row["id"])

    return act


@pytest.mark.parametrize(
    ("act", "code", "told"),
    [
        pytest.param(
            _drop("extras/custom-fields", name="setpoint_phase"),
            1,
            "there is no setpoint_phase",
            id="written-field",
        ),
        pytest.param(
            _drop("extras/custom-fields", name="setpoint_vmid"),
            0,
            "there is no setpoint_vmid",
            id="read-field",
        ),
        pytest.param(_drop("extras/tags", slug="setpoint"), 1, "correct inventories.netbox.select", id="tag"),
        pytest.param(
            _drop("virtualization/virtual-machines", name="web01"),
            0,
            "no virtual machine is taken",
            id="none-taken",
        ),
        pytest.param(
            _drop("users/permissions", name="Setpoint: write back"),
            1,
            "the token may not change virtualization.virtualmachine",
            id="may-not-write-back",
        ),
        pytest.param(
            _drop("users/permissions", name="Setpoint: journal"),
            1,
            "the token may not add extras.journalentry",
            id="may-not-tell",
        ),
        pytest.param(Desk.narrow, 1, "the token may not view core.objectchange", id="permission"),
        pytest.param(lambda desk: (desk.folder / "token").unlink(), 1, "cannot be read", id="no-token"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    ready: Desk, act: Callable[[Desk], None], code: int, told: str
) -> None:
    act(ready)
    said = ready.type("check")
    assert told in said.out, said
    assert said.code == code


def test_each_permission_that_is_missing_is_a_line(ready: Desk) -> None:
    ready.narrow()
    wrong = [one for one in ready.type("check", "-o", "json").told["checks"] if one["verdict"] == "wrong"]
    assert [one["sentence"] for one in wrong] == [
        "the token may not view ipam.ipaddress", "the token may not view core.objectchange",
    ]  # fmt: skip
    assert all("setpoint netbox init" in one["remedy"] for one in wrong)


def test_the_fields_that_people_could_fill_are_told_in_one_line(ready: Desk) -> None:
    for name in ("setpoint_vmid", "setpoint_slot", "setpoint_phase"):
        _drop("extras/custom-fields", name=name)(ready)
    told = [one for one in ready.type("check", "-o", "json").told["checks"] if "custom" in one["name"]]
    assert [(one["verdict"], one["sentence"].partition(".")[0]) for one in told] == [
        ("wrong", "there is no setpoint_phase"),
        ("warning", "there is no setpoint_slot, setpoint_vmid, in which people could say more"),
    ]


def test_a_daemon_that_listens_for_the_webhook_is_seen(ready: Desk) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as daemon:
        listen = f"127.0.0.1:{daemon.getsockname()[1]}"
        ready.settle(ready.url, webhook={"listen": listen, "secret": {"file": str(ready.folder / "secret")}})
        assert f"the daemon listens at {listen}" in ready.type("check").out
    assert f"nobody listens at {listen}" in ready.type("check").out


def _status(changed: dict[str, Any], headers: dict[str, str]) -> Callable[[web.Request], Any]:
    async def spoil(request: web.Request) -> web.StreamResponse | None:
        if request.path != "/api/status/":
            return None
        told = {"netbox-version": "4.6.8", "rq-workers-running": 1, **changed}
        return web.json_response(told, headers=headers)

    return spoil


@pytest.mark.parametrize(
    ("status", "headers", "verdict", "told"),
    [
        pytest.param(
            {"netbox-version": "4.1.11"}, {}, "wrong", "4.2 is the first one that can be used", id="too-old"
        ),
        pytest.param({"netbox-version": "4.5.2-Docker-3.1"}, {}, "warning", "update to 4.6", id="old"),
        pytest.param({"rq-workers-running": 0}, {}, "warning", "start netbox-rq", id="no-workers"),
        pytest.param(
            {}, {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}, "warning", "keep time by NTP", id="clock"
        ),
        pytest.param({}, {"Date": "noon"}, "wrong", "write the address of NetBox itself", id="no-clock"),
    ],
)
async def test_an_old_netbox_and_one_without_workers_are_told(
    ready: Desk, status: dict[str, Any], headers: dict[str, str], verdict: str, told: str
) -> None:
    async with between(ready.netbox.url) as middle:
        middle.spoil = _status(status, headers)
        ready.settle(middle.url)
        said = await asyncio.to_thread(ready.type, "check", "-o", "json")
    found = [one for one in said.told["checks"] if told in one["remedy"]]
    assert [one["verdict"] for one in found] == [verdict], said.out


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("html", "what is before NetBox does not reach it", id="proxy-without-netbox"),
        pytest.param("silent", "gave no whole answer", id="silent"),
        pytest.param("cut", "gave no whole answer", id="cut"),
    ],
)
async def test_a_netbox_in_trouble_is_told_and_nothing_hangs(
    ready: Desk, fault: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    said, _ = await ready.type_through(Fault(0, fault), "check")
    assert said.code == 1
    assert told in said.out


async def test_an_answer_of_another_shape_is_told_as_none_of_netbox(ready: Desk) -> None:
    async def list_of_nothing(_request: web.Request) -> web.StreamResponse:
        return web.json_response([])

    async with between(ready.netbox.url, list_of_nothing) as middle:
        ready.settle(middle.url)
        said = await asyncio.to_thread(ready.type, "check")
    assert (said.code, "was not answered by NetBox's API (no object)" in said.out) == (1, True), said


def test_what_netbox_does_not_describe_may_not_be_written() -> None:
    class Described:
        def options(self, _endpoint: str) -> dict[str, Any]:
            return {"actions": {"POST": {}}}

    assert may(Described(), "extras/journal-entries", "POST")
    assert not may(Described(), "extras/journal-entries", "PUT")
