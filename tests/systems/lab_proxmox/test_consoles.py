from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lab_proxmox.lxc_api import CT, CtApi
from tests.systems.lab_proxmox.qemu_api import VM, Api

ENTERED = {"port": "5900"}


async def vm(**params: Any) -> Api:
    api = Api()
    assert await api.create(name="web", **params) == "OK"
    return api


async def ct(**params: Any) -> Api:
    api = CtApi()
    assert await api.create(**params) == "OK"
    return api


BOTH = pytest.mark.parametrize(("make", "guest"), [(vm, VM), (ct, CT)], ids=["vm", "container"])


@BOTH
@pytest.mark.parametrize("way", ["vncproxy", "termproxy"])
async def test_a_console_hands_out_a_port_and_waits_ten_seconds(make: Any, guest: str, way: str) -> None:
    api = await make()
    given = (await api.ask("POST", f"{guest}/{way}")).data
    assert given.keys() == {"user", "ticket", "port", "upid"} | ({"cert"} if way == "vncproxy" else set())
    assert (given["user"], given["port"]) == ("root@pam", 5900)
    task = api.world.tasks.find(given["upid"])
    assert task is not None
    await api.world.clock.advance(9)
    assert task.running
    await api.world.clock.advance(2)
    assert task.exitstatus not in {None, "OK"}


@BOTH
async def test_ports_are_not_handed_out_twice_at_a_time(make: Any, guest: str) -> None:
    api = await make()
    ports = [(await api.ask("POST", f"{guest}/vncproxy")).data["port"] for _ in range(3)]
    assert ports == [5900, 5901, 5902]
    await api.world.clock.advance(11)
    assert (await api.ask("POST", f"{guest}/vncproxy")).data["port"] == 5900


async def test_a_hundred_consoles_are_all_that_there_are() -> None:
    api = await vm()
    for _ in range(100):
        assert (await api.ask("POST", f"{VM}/vncproxy")).status == 200
    assert "unable to find free port" in (await api.ask("POST", f"{VM}/vncproxy")).reason


@BOTH
async def test_a_ticket_opens_one_guest_for_one_user_for_a_while(make: Any, guest: str) -> None:
    api = await make()
    ticket = (await api.ask("POST", f"{guest}/vncproxy")).data["ticket"]
    way = f"{guest}/vncwebsocket"
    assert (await api.ask("GET", way, port=5900, vncticket=ticket)).data == ENTERED
    assert (await api.ask("GET", way, port=5900, vncticket=ticket[:-8] + "AAAAAAA=")).status == 401
    api.become(("/vms", "PVEVMUser"))
    assert (await api.ask("GET", way, port=5900, vncticket=ticket)).status == 401
    api.user = "root@pam"
    await api.world.clock.advance(41)
    assert (await api.ask("GET", way, port=5900, vncticket=ticket)).status == 401


@BOTH
async def test_a_console_is_for_those_who_may(make: Any, guest: str) -> None:
    api = await make()
    api.become(("/vms", "PVEAuditor"))
    refused = await api.ask("POST", f"{guest}/vncproxy")
    assert (refused.status, "VM.Console" in refused.reason) == (403, True)


async def test_a_password_of_its_own_is_made_when_asked_for() -> None:
    api = await vm()
    assert len((await api.ask("POST", f"{VM}/vncproxy", **{"generate-password": 1})).data["password"]) == 8


@pytest.mark.parametrize(
    ("vga", "running", "reason"),
    [
        ("qxl", True, None),
        ("std", True, "no spice port"),
        ("qxl", False, "VM 100 not running"),
    ],
)
async def test_a_viewer_needs_a_running_vm_with_its_display(
    vga: str, *, running: bool, reason: str | None
) -> None:
    api = await vm(vga=vga)
    if running:
        await api.done("POST", f"{VM}/status/start")
    given = await api.ask("POST", f"{VM}/spiceproxy", proxy="10.0.0.1")
    if reason is None:
        assert given.data["proxy"] == "http://10.0.0.1:3128"
        assert {"type", "host", "tls-port", "password"} <= given.data.keys()
    else:
        assert (given.status, given.reason) == (500, reason)


async def test_a_viewer_of_a_container_needs_nothing() -> None:
    api = await ct()
    assert (await api.ask("POST", f"{CT}/spiceproxy")).data["type"] == "spice"


@pytest.mark.parametrize(
    ("running", "key", "reason"),
    [
        (True, "ctrl-alt-delete", "OK"),
        (True, "ctrl alt", "invalid parameter: ctrl alt"),
        (False, "ret", "VM 100 not running"),
    ],
)
async def test_keys_reach_a_running_vm(*, running: bool, key: str, reason: str) -> None:
    api = await vm()
    if running:
        await api.done("POST", f"{VM}/status/start")
    assert (await api.ask("PUT", f"{VM}/sendkey", key=key)).reason == reason


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
async def test_a_tunnel_holds_a_number_until_nobody_came(kind: str) -> None:
    api = Api()
    given = (await api.ask("POST", f"/nodes/pve1/{kind}/300/mtunnel", storages="local-zfs")).data
    assert api.world.guests[300].lock == "create"
    way = f"/nodes/pve1/{kind}/300/mtunnelwebsocket"
    answered = await api.ask("GET", way, socket=given["socket"], ticket=given["ticket"])
    assert answered.data == {"socket": given["socket"]}
    assert (await api.ask("GET", way, socket="/run/x", ticket=given["ticket"])).status == 401
    await api.world.clock.advance(301)
    task = api.world.tasks.find(given["upid"])
    assert task is not None
    assert task.exitstatus not in {None, "OK"}
    assert 300 not in api.world.guests


@pytest.mark.parametrize(
    ("params", "status"), [({}, 400), ({"vmid": 301, "bridges": "vmbr9"}, 500), ({"storages": "none"}, 500)]
)
async def test_a_tunnel_needs_a_free_number_and_places(params: dict[str, Any], status: int) -> None:
    api = await vm()
    vmid = params.pop("vmid", 100)
    assert (await api.ask("POST", f"/nodes/pve1/qemu/{vmid}/mtunnel", **params)).status == status
    assert list(api.world.guests) == [100]
