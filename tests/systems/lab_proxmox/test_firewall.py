"""Firewalls: the same calls for the cluster, a node, a guest and a vnet, each with a file of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.world import World
from tests.systems.lab_proxmox.qemu_api import VM, Api

CLUSTER = "/cluster/firewall"
NODE = "/nodes/pve1/firewall"
GUEST = f"{VM}/firewall"
VNET = "/cluster/sdn/vnets/v1/firewall"
LEVELS = {"cluster": CLUSTER, "node": NODE, "guest": GUEST, "vnet": VNET}


@pytest.fixture
async def api() -> Api:
    """A VM and a vnet."""
    fresh = Api()
    await told(fresh, "POST", "/cluster/sdn/zones", zone="z1", type="simple")
    await told(fresh, "POST", "/cluster/sdn/vnets", vnet="v1", zone="z1")
    assert await fresh.create() == "OK"
    return fresh


async def told(api: Api, method: str, path: str, **params: Any) -> None:
    given = await api.ask(method, path, **params)
    assert given.status == 200, given


async def rules(api: Api, base: str) -> list[tuple[Any, ...]]:
    """The rules by position, action, comment and whether they are on."""
    rows = (await api.ask("GET", base)).data
    return [(row["pos"], row["action"], row.get("comment"), row["enable"]) for row in rows]


async def ruled(api: Api, base: str, *comments: str, **more: Any) -> None:
    for comment in comments:
        await told(api, "POST", base, type="in", action="ACCEPT", comment=comment, **more)


@pytest.mark.parametrize("base", LEVELS.values(), ids=LEVELS)
async def test_options_are_set_and_taken_away_at_every_level(api: Api, base: str) -> None:
    await told(api, "PUT", f"{base}/options", enable=1)
    assert (await api.ask("GET", f"{base}/options")).data["enable"] == 1
    for other in set(LEVELS.values()) - {base}:
        assert set((await api.ask("GET", f"{other}/options")).data) == {"digest"}
    await told(api, "PUT", f"{base}/options", delete="enable")
    assert set((await api.ask("GET", f"{base}/options")).data) == {"digest"}
    refused = await api.ask("PUT", f"{base}/options", delete="node")
    assert refused.errors == {"delete": "no such option 'node'"}


@pytest.mark.parametrize("base", LEVELS.values(), ids=LEVELS)
async def test_a_new_rule_is_the_first_and_off(api: Api, base: str) -> None:
    kind = "forward" if base == VNET else "in"
    for comment in ("first", "second"):
        await told(api, "POST", f"{base}/rules", type=kind, action="DROP", comment=comment, pos=5)
    assert await rules(api, f"{base}/rules") == [(0, "DROP", "second", 0), (1, "DROP", "first", 0)]
    assert (await api.ask("GET", f"{base}/rules/1")).data["comment"] == "first"


@pytest.mark.parametrize(
    ("position", "target", "order"),
    [(0, 3, "bcad"), (0, 4, "bcda"), (3, 1, "adbc"), (2, 0, "cabd"), (1, 1, "abcd")],
)
async def test_a_rule_moves_to_before_another(api: Api, position: int, target: int, order: str) -> None:
    await ruled(api, f"{GUEST}/rules", "d", "c", "b", "a")
    await told(api, "PUT", f"{GUEST}/rules/{position}", moveto=target)
    assert "".join(str(row[2]) for row in await rules(api, f"{GUEST}/rules")) == order


async def test_a_rule_is_changed_and_deleted_by_its_position(api: Api) -> None:
    await ruled(api, f"{GUEST}/rules", "b", "a", proto="tcp", dport="22", source="10.0.0.0/8")
    await told(api, "PUT", f"{GUEST}/rules/1", enable=1, action="REJECT", delete="dport", comment="")
    changed = (await api.ask("GET", f"{GUEST}/rules/1")).data
    del changed["digest"]
    assert changed == {
        "pos": 1,
        "type": "in",
        "action": "REJECT",
        "enable": 1,
        "proto": "tcp",
        "source": "10.0.0.0/8",
        "ipversion": 4,
    }
    await told(api, "DELETE", f"{GUEST}/rules/0")
    assert await rules(api, f"{GUEST}/rules") == [(0, "REJECT", None, 1)]
    beyond = await api.ask("DELETE", f"{GUEST}/rules/1")
    assert beyond.reason == "no rule at position 1"


async def test_groups_hold_rules_that_others_name(api: Api) -> None:
    groups = f"{CLUSTER}/groups"
    await told(api, "POST", groups, group="web", comment="w")
    await ruled(api, f"{groups}/web", "https", macro="HTTPS")
    await told(api, "POST", f"{GUEST}/rules", type="group", action="web", enable=1, iface="net0")
    assert await rules(api, f"{groups}/web") == [(0, "ACCEPT", "https", 0)]
    assert (await api.ask("DELETE", f"{groups}/web")).reason == "Security group 'web' is not empty"
    await told(api, "POST", groups, group="front", rename="web")
    assert [(row["group"], row["comment"]) for row in (await api.ask("GET", groups)).data] == [("front", "w")]
    await told(api, "DELETE", f"{groups}/front/0")
    for _ in range(2):
        await told(api, "DELETE", f"{groups}/front")
    assert (await api.ask("GET", f"{groups}/front")).reason == "no such security group 'front'"


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"type": "group", "action": "web"}, "type"),
        ({"type": "in", "action": "DROP", "iface": "net0"}, "iface"),
    ],
    ids=["another group", "an interface"],
)
async def test_a_group_does_not_hold(api: Api, params: dict[str, Any], key: str) -> None:
    await told(api, "POST", f"{CLUSTER}/groups", group="web")
    refused = await api.ask("POST", f"{CLUSTER}/groups/web", **params)
    assert (refused.status, list(refused.errors)) == (400, [key])
    assert await rules(api, f"{CLUSTER}/groups/web") == []


async def test_a_set_holds_networks_that_stand_in_paths_too(api: Api) -> None:
    sets = f"{GUEST}/ipset"
    await told(api, "POST", sets, name="friends", comment="f")
    await told(api, "POST", f"{sets}/friends", cidr="10.0.0.0/8")
    await told(api, "POST", f"{sets}/friends", cidr="10.1.0.0/16", nomatch=1)
    member = f"{sets}/friends/{quote('10.0.0.0/8', safe='')}"
    await told(api, "PUT", member, comment="x")
    assert (await api.ask("GET", member)).data["comment"] == "x"
    again = await api.ask("POST", f"{sets}/friends", cidr="10.0.0.0/8")
    assert again.errors == {"cidr": "address '10.0.0.0/8' already exists"}
    assert (await api.ask("DELETE", f"{sets}/friends")).reason == "IPSet 'friends' is not empty"
    await told(api, "DELETE", member)
    assert [row["cidr"] for row in (await api.ask("GET", f"{sets}/friends")).data] == ["10.1.0.0/16"]
    await told(api, "DELETE", f"{sets}/friends", force=1)
    assert (await api.ask("GET", sets)).data == []


async def test_an_alias_is_renamed_and_found_in_any_case(api: Api) -> None:
    aliases = f"{CLUSTER}/aliases"
    await told(api, "POST", aliases, name="Office", cidr="10.2.0.0/16")
    assert (await api.ask("GET", f"{aliases}/office")).data["name"] == "Office"
    await told(api, "PUT", f"{aliases}/office", cidr="10.3.0.0/16", rename="Home", comment="c")
    found = (await api.ask("GET", aliases)).data
    assert [(row["name"], row["cidr"], row["comment"]) for row in found] == [("Home", "10.3.0.0/16", "c")]
    await ruled(api, f"{GUEST}/rules", "a", source="dc/home")
    for _ in range(2):
        await told(api, "DELETE", f"{aliases}/home")
    assert (await api.ask("GET", f"{aliases}/home")).errors == {"name": "no such alias"}


async def test_references_are_the_guest_s_own_and_the_cluster_s(api: Api) -> None:
    await told(api, "POST", f"{CLUSTER}/ipset", name="all")
    await told(api, "POST", f"{GUEST}/aliases", name="mine", cidr="10.0.0.1")
    refs = (await api.ask("GET", f"{GUEST}/refs")).data
    assert sorted(row["ref"] for row in refs) == ["+dc/all", "guest/mine"]
    assert [row["ref"] for row in (await api.ask("GET", f"{CLUSTER}/refs", type="ipset")).data] == ["+dc/all"]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "an action that there is not": ({"action": "LOOK"}, {"action": "unknown action 'LOOK'"}),
    "a group that there is not": (
        {"type": "group", "action": "web"},
        {"action": "security group 'web' does not exist"},
    ),
    "a macro that there is not": ({"macro": "Nope"}, {"macro": "unknown macro 'Nope'"}),
    "a port without a protocol": (
        {"dport": "22"},
        {"proto": "missing property - 'dport' requires this property"},
    ),
    "a port of a protocol that has none": (
        {"dport": "22", "proto": "icmp"},
        {"dport": "protocol 'icmp' does not support ports"},
    ),
    "a set that there is not": ({"source": "+nobody"}, {"source": "no such ipset 'nobody'"}),
    "an alias that there is not": ({"dest": "10.0.0.1,nobody"}, {"dest": "no such alias 'nobody'"}),
}


@pytest.mark.parametrize(("params", "errors"), REFUSED.values(), ids=REFUSED)
async def test_a_rule_is_refused_for(api: Api, params: dict[str, Any], errors: dict[str, str]) -> None:
    refused = await api.ask("POST", f"{GUEST}/rules", **{"type": "in", "action": "ACCEPT", **params})
    assert (refused.status, refused.errors) == (400, errors)
    assert await rules(api, f"{GUEST}/rules") == []


TAKEN: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "a group": ("groups", {"group": "web"}, {"group": "Security group 'web' already exists"}),
    "a set": ("ipset", {"name": "web"}, {"name": "IPSet 'web' already exists"}),
    "an alias": ("aliases", {"name": "web", "cidr": "10.0.0.1"}, {"name": "alias 'web' already exists"}),
}


@pytest.mark.parametrize(("below", "params", "errors"), TAKEN.values(), ids=TAKEN)
async def test_a_name_is_given_once_to(
    api: Api, below: str, params: dict[str, Any], errors: dict[str, str]
) -> None:
    await told(api, "POST", f"{CLUSTER}/{below}", **params)
    refused = await api.ask("POST", f"{CLUSTER}/{below}", **params)
    assert refused.errors == errors


@pytest.mark.parametrize(("below", "key"), [("groups", "group"), ("ipset", "name")])
async def test_what_is_not_there_cannot_be_renamed(api: Api, below: str, key: str) -> None:
    refused = await api.ask("POST", f"{CLUSTER}/{below}", **{key: "new", "rename": "old"})
    assert "'old' does not exist" in refused.errors[key]


async def test_an_old_digest_and_a_cluster_without_quorum_change_nothing(api: Api) -> None:
    await ruled(api, f"{GUEST}/rules", "a")
    stale = await api.ask("PUT", f"{GUEST}/options", enable=1, digest="0" * 40)
    assert stale.reason.startswith("detected modified configuration")
    api.world.quorate = False
    refused = await api.ask("DELETE", f"{GUEST}/rules/0")
    assert refused.reason == "cfs-lock 'firewall-vm-100' error: no quorum!"
    assert len(await rules(api, f"{GUEST}/rules")) == 1


async def test_a_firewall_goes_with_its_guest_and_comes_with_a_clone(api: Api) -> None:
    await ruled(api, f"{GUEST}/rules", "a")
    assert await api.done("POST", f"{VM}/clone", newid=101) == "OK"
    assert await api.done("DELETE", VM) == "OK"
    assert await api.create() == "OK"
    assert await rules(api, f"{GUEST}/rules") == []
    assert len(await rules(api, "/nodes/pve1/qemu/101/firewall/rules")) == 1


async def test_a_vnet_s_firewall_is_a_matter_of_the_rights_on_the_vnet(api: Api) -> None:
    api.become(("/sdn/zones/z1/v1", "PVESDNUser"))
    assert (await api.ask("GET", f"{VNET}/rules")).status == 200
    refused = await api.ask("POST", f"{VNET}/rules", type="forward", action="DROP")
    assert refused.reason == "Permission check failed (/sdn/zones/z1/v1, SDN.Allocate)"


async def test_a_state_brings_the_firewalls_back(api: Api) -> None:
    await told(api, "POST", f"{CLUSTER}/ipset", name="all")
    await told(api, "POST", f"{CLUSTER}/ipset/all", cidr="10.0.0.1")
    await told(api, "POST", f"{CLUSTER}/groups", group="web", comment="w")
    await ruled(api, f"{GUEST}/rules", "a", source="+all")
    again = Api(World(VirtualClock(), seed=1, lag=0))
    read_state(again.world, write_state(api.world))
    for path in (f"{CLUSTER}/ipset/all", f"{CLUSTER}/groups", f"{GUEST}/rules"):
        assert (await again.ask("GET", path)).data == (await api.ask("GET", path)).data


async def test_lists_name_what_is_below(api: Api) -> None:
    assert {row["name"] for row in (await api.ask("GET", NODE)).data} == {"log", "options", "rules"}
    assert {"SSH", "HTTPS"} < {row["macro"] for row in (await api.ask("GET", f"{CLUSTER}/macros")).data}
    assert (await api.ask("GET", f"{GUEST}/log")).document == {
        "data": [{"n": 1, "t": "no content"}],
        "total": 1,
    }
