"""Options of the data centre and of a node, and the networks in the cluster's list."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.world import Node, World
from tests.systems.lab_proxmox.qemu_api import VM, Api

OPTIONS = "/cluster/options"
CONFIG = "/nodes/pve1/config"


@pytest.fixture
def api() -> Api:
    fresh = Api()
    fresh.world.nodes["pve2"] = Node("pve2", "10.99.0.2")
    return fresh


async def options(api: Api) -> dict[str, Any]:
    return dict((await api.ask("GET", OPTIONS)).data)


async def test_options_of_several_values_come_back_as_objects(api: Api) -> None:
    sent = {"tag-style": "shape=full,case-sensitive=1", "max_workers": 4, "description": "our cluster"}
    assert (await api.ask("PUT", OPTIONS, **sent)).status == 200
    shown = await options(api)
    assert shown["tag-style"] == {"shape": "full", "case-sensitive": 1}
    assert (shown["max_workers"], shown["description"]) == (4, "our cluster\n")
    await api.ask("PUT", OPTIONS, delete="tag-style,max_workers")
    assert not {"tag-style", "max_workers"} & (await options(api)).keys()


async def test_free_numbers_are_looked_for_where_the_options_say(api: Api) -> None:
    await api.ask("PUT", OPTIONS, **{"next-id": "lower=500,upper=502"})
    assert (await api.ask("GET", "/cluster/nextid")).data == "500"
    for vmid in (500, 501):
        await api.create(vmid=vmid)
    refused = await api.ask("GET", "/cluster/nextid")
    assert refused.reason == "unable to get any free VMID in range [500, 501]"


async def test_a_prefix_for_addresses_is_used_for_new_ones(api: Api) -> None:
    await api.ask("PUT", OPTIONS, mac_prefix="02:AA:BB")
    await api.create(net0="virtio,bridge=vmbr0")
    assert (await api.config())["net0"].startswith("virtio=02:AA:BB:")


async def test_without_quorum_no_option_is_set(api: Api) -> None:
    api.world.quorate = False
    for path, file in ((OPTIONS, "datacenter_cfg"), (CONFIG, "node_config")):
        refused = await api.ask("PUT", path, description="x")
        assert refused.reason == f"cfs-lock 'file-{file}' error: no quorum!"


async def test_a_node_s_options_are_its_own_and_guarded_by_a_digest(api: Api) -> None:
    assert (await api.ask("PUT", CONFIG, description="rack 4\n\n", location="x")).status == 200
    shown = (await api.ask("GET", CONFIG)).data
    assert shown.pop("digest")
    assert shown == {"description": "rack 4\n", "location": "x"}
    stale = await api.ask("PUT", CONFIG, description="y", digest="0" * 40)
    assert stale.reason.startswith("detected modified configuration")
    await api.ask("PUT", CONFIG, delete="location")
    assert set((await api.ask("GET", CONFIG)).data) == {"description", "digest"}
    assert set((await api.ask("GET", "/nodes/pve2/config")).data) == {"digest"}
    assert set((await api.ask("GET", CONFIG, property="location")).data) == {"digest"}
    again = Api(World(VirtualClock(), seed=1, lag=0))
    read_state(again.world, write_state(api.world))
    assert (await again.ask("GET", CONFIG)).data["description"] == "rack 4\n"


async def networks(api: Api, **params: str) -> set[tuple[str, str, str]]:
    rows = (await api.ask("GET", "/cluster/resources", **params)).data
    return {(row["node"], row["network"], row["status"]) for row in rows if row["type"] == "network"}


async def test_the_cluster_lists_its_zones_on_every_node_that_is_on(api: Api) -> None:
    await api.ask("POST", "/cluster/sdn/zones", zone="z1", type="simple")
    assert await networks(api) == {("pve1", "localnetwork", "ok"), ("pve2", "localnetwork", "ok")}
    await EVENTS["apply_fails"](api.world, {"node": "pve2"})
    await api.done("PUT", "/cluster/sdn")
    assert {row for row in await networks(api) if row[1] == "z1"} == {
        ("pve1", "z1", "available"),
        ("pve2", "z1", "pending"),
    }
    assert await networks(api, type="sdn") == set()
    api.world.nodes["pve2"].online = False
    assert {row[0] for row in await networks(api)} == {"pve1"}


async def test_a_card_on_a_vnet_needs_the_right_on_its_zone(api: Api) -> None:
    await api.ask("POST", "/cluster/sdn/zones", zone="z1", type="simple")
    await api.ask("POST", "/cluster/sdn/vnets", vnet="v1", zone="z1")
    await api.create()
    api.become(("/vms", "PVEVMAdmin"))
    refused = await api.ask("PUT", f"{VM}/config", net0="virtio,bridge=v1")
    assert refused.reason == "Permission check failed (/sdn/zones/z1/v1, SDN.Use)"
    api.become(("/sdn/zones/z1", "PVESDNUser"))
    assert (await api.ask("PUT", f"{VM}/config", net0="virtio,bridge=v1")).status == 200
