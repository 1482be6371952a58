"""Networks, with the real daemon against the emulated API in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.run.stray import find_stray
from setpoint.store.records import Status
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import ROLES, Lab, world

NAME = "Network/office"
MARK = "[setpoint: home default/Network/office zone=office]"
GRANTED = {**ROLES, "/sdn": "PVESDNAdmin"}
SUBNET = {"gateway": "10.20.0.1", "snat": True, "dhcpRanges": [{"from": "10.20.0.100", "to": "10.20.0.200"}]}
SPEC: dict[str, Any] = {
    "type": "vlan",
    "bridge": "vmbr0",
    "vnets": {
        "desks": {"tag": 20, "alias": "people", "subnets": {"10.20.0.0/24": SUBNET}},
        "phones": {"tag": 21, "vlanAware": True},
    },
}


def network(spec: dict[str, Any] = SPEC, name: str = "office", **policy: Any) -> str:
    return manifest("Network", name, spec, **policy)


def declared(lab: Lab, folder: Path, spec: dict[str, Any] = SPEC, **policy: Any) -> VirtualDaemon:
    files = {"lab.yaml": cluster(lab.url), "network.yaml": network(spec, **policy)}
    return VirtualDaemon(lab.url, folder, files)


def changed(**vnets: dict[str, Any] | None) -> dict[str, Any]:
    """The declaration with other vnets; None leaves one out."""
    merged = {**SPEC["vnets"], **vnets}
    return {**SPEC, "vnets": {name: vnet for name, vnet in merged.items() if vnet is not None}}


def zones(lab: Lab, view: str = "running") -> dict[str, Any]:
    return {row.pop("zone"): row for row in lab.api("GET", f"cluster/sdn/zones?{view}=1")}


def vnets(lab: Lab, view: str = "running") -> dict[str, Any]:
    return {row["vnet"]: row for row in lab.api("GET", f"cluster/sdn/vnets?{view}=1")}


def subnets(lab: Lab, vnet: str = "desks") -> dict[str, Any]:
    return {row["cidr"]: row for row in lab.api("GET", f"cluster/sdn/vnets/{vnet}/subnets?running=1")}


def staged(lab: Lab) -> list[str]:
    rows = [*zones(lab, "pending").values(), *vnets(lab, "pending").values()]
    return [row["state"] for row in rows if "state" in row]


def locked(lab: Lab) -> bool:
    return lab.get("state")["sdn"]["lock"] is not None


def applies(lab: Lab) -> int:
    return lab.writes().count("PUT /cluster/sdn")


def ready(status: Status) -> Truth:
    return next(one.status for one in status.conditions if one.type is ConditionType.READY)


def outcome(running: Running) -> str:
    """How it ended last; empty before the first time."""
    found = running.statuses().get(NAME)
    return "" if found is None else found.outcome


def at_rest(lab: Lab) -> bool:
    return not staged(lab) and not locked(lab)


def test_it_is_made_with_its_mark_applied_once_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME)
        assert ready(running.status(NAME)) is Truth.TRUE
        before = lab.writes()
        await asyncio.sleep(3600)
        await running.look_again()
        assert lab.writes() == before

    declared(lab, tmp_path).run(script)
    assert applies(lab) == 1
    assert zones(lab)["office"]["bridge"] == "vmbr0"
    assert {name: row["alias"] for name, row in vnets(lab).items()} == {
        "desks": f"people {MARK}",
        "phones": MARK,
    }
    assert subnets(lab)["10.20.0.0/24"]["dhcp-range"] == [
        {"start-address": "10.20.0.100", "end-address": "10.20.0.200"}
    ]
    assert at_rest(lab)


def test_an_apply_that_fails_on_one_node_is_seen_as_failed(lab: Lab, tmp_path: Path) -> None:
    lab.happen("apply_fails", node="pve2", for_s=1200)

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Failed", 60)
        failed = running.status(NAME)
        assert "pve2 has not taken zone office over" in failed.sentence
        assert "ifreload" in failed.sentence
        assert ready(failed) is not Truth.TRUE
        await asyncio.sleep(900)
        assert ready(running.status(NAME)) is not Truth.TRUE
        assert 4 < applies(lab) < 14, "tried again with growing pauses"
        await asyncio.sleep(1800)
        await running.settle()
        assert running.status(NAME).outcome == "Done"
        assert ready(running.status(NAME)) is Truth.TRUE

    declared(lab, tmp_path).run(script)
    assert at_rest(lab)


def test_what_somebody_changed_and_applied_by_hand_is_brought_back(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/sdn/vnets/desks", tag=99)
        lab.api("PUT", "cluster/sdn/vnets/desks/subnets/office-10.20.0.0-24", delete="gateway")
        lab.api("PUT", "cluster/sdn")
        await asyncio.sleep(1800)
        await running.settle()

    declared(lab, tmp_path).run(script)
    assert vnets(lab)["desks"]["tag"] == 20
    assert subnets(lab)["10.20.0.0/24"]["gateway"] == "10.20.0.1"
    assert at_rest(lab)


def test_what_is_staged_on_ours_alone_is_brought_back_too(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/sdn/vnets/desks", tag=99)
        await asyncio.sleep(1800)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert vnets(lab)["desks"]["tag"] == 20
    assert at_rest(lab)


@pytest.mark.parametrize(
    ("by_hand", "names"),
    [
        pytest.param([("zones", {"zone": "dmz", "type": "simple"})], "zone dmz (new)", id="a zone"),
        pytest.param(
            [("vnets", {"vnet": "spare", "zone": "office", "tag": 77})], "vnet spare (new)", id="in ours"
        ),
    ],
)
def test_what_somebody_else_staged_is_not_applied_along(
    lab: Lab, tmp_path: Path, by_hand: list[tuple[str, dict[str, Any]]], names: str
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        for where, params in by_hand:
            lab.api("POST", f"cluster/sdn/{where}", **params)
        await running.declare({"network.yaml": network(changed(desks={"tag": 30}))})
        await running.settle(running.now())
        (hold,) = running.status(NAME).holds
        assert hold.rule is Rule.IMPOSSIBLE
        assert names in hold.why
        assert "pvesh set /cluster/sdn" in hold.release
        assert applies(lab) == 1
        lab.api("POST", "cluster/sdn/rollback")
        await running.look_again()
        await running.settle(running.now())
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert vnets(lab)["desks"]["tag"] == 30
    assert at_rest(lab)


@pytest.mark.parametrize(
    ("where", "params", "names"),
    [
        pytest.param("zones", {"zone": "dmz", "type": "simple"}, "zone dmz (new)", id="a zone"),
        pytest.param(
            "zones", {"zone": "office", "type": "simple"}, "zone office (new)", id="of the same name"
        ),
        pytest.param(
            "controllers",
            {"controller": "evpn1", "type": "evpn", "asn": 65000},
            "controller evpn1 (new)",
            id="controller",
        ),
    ],
)
def test_nothing_is_made_while_somebody_else_has_staged(
    lab: Lab, tmp_path: Path, where: str, params: dict[str, Any], names: str
) -> None:
    lab.api("POST", f"cluster/sdn/{where}", **params)

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Failed", 60)
        assert names in running.status(NAME).sentence
        assert not locked(lab)
        assert staged(lab) == (["new"] if where == "zones" else [])
        lab.api("POST", "cluster/sdn/rollback")
        await asyncio.sleep(1800)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert applies(lab) == 1
    assert set(zones(lab)) == {"office"}


def test_one_vnet_and_one_subnet_more_and_one_less_is_one_apply(lab: Lab, tmp_path: Path) -> None:
    more = changed(
        phones=None, desks={"tag": 21, "subnets": {"10.21.0.0/24": {}}}, guests={"tag": 20, "alias": "wifi"}
    )

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"network.yaml": network(more)})
        await running.settle(running.now())
        assert outcome(running) == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert {name: row["tag"] for name, row in vnets(lab).items()} == {"desks": 21, "guests": 20}
    assert set(subnets(lab)) == {"10.21.0.0/24"}
    assert applies(lab) == 2
    assert at_rest(lab)


def test_two_vnets_that_change_tags_with_each_other_are_one_apply(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"network.yaml": network(changed(desks={"tag": 21}, phones={"tag": 20}))})
        await running.settle()

    declared(lab, tmp_path).run(script)
    assert {name: row["tag"] for name, row in vnets(lab).items()} == {"desks": 21, "phones": 20}
    assert applies(lab) == 2


@pytest.mark.parametrize("adopt", [False, True])
def test_a_zone_of_somebody_else_is_taken_over_only_when_that_is_declared(
    lab: Lab, tmp_path: Path, *, adopt: bool
) -> None:
    lab.api("POST", "cluster/sdn/zones", zone="office", type="vlan", bridge="vmbr0")
    lab.api("POST", "cluster/sdn/vnets", vnet="desks", zone="office", tag=20, alias="people")
    lab.api("PUT", "cluster/sdn")

    async def script(running: Running) -> None:
        await running.settle()
        status = running.status(NAME)
        assert [hold.rule for hold in status.holds] == ([] if adopt else [Rule.EXISTS])

    spec = changed(phones=None, desks={"tag": 20, "alias": "people"})
    declared(lab, tmp_path, spec, **({"adopt": True} if adopt else {})).run(script)
    assert vnets(lab)["desks"]["alias"] == (f"people {MARK}" if adopt else "people")
    assert at_rest(lab)


def test_a_vnet_that_lost_its_mark_is_left_alone_and_told_with_the_command(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/sdn/vnets/desks", alias="mine now", tag=99)
        lab.api("PUT", "cluster/sdn")
        await running.look_again()
        await running.settle(running.now())
        (hold,) = running.status(NAME).holds
        assert hold.rule is Rule.IMPOSSIBLE
        assert f"--alias 'mine now {MARK}'" in hold.release
        assert vnets(lab)["desks"]["tag"] == 99

    declared(lab, tmp_path).run(script)


def test_one_that_is_declared_no_more_is_removed_with_all_that_is_in_it(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"network.yaml": None})
        await asyncio.sleep(900)
        assert NAME not in running.statuses()

    declared(lab, tmp_path).run(script)
    assert (zones(lab), vnets(lab)) == ({}, {})
    assert at_rest(lab)


def test_guests_on_a_vnet_keep_it(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "nodes/pve1/qemu", vmid=100, net0="virtio,bridge=phones")
        await running.declare({"network.yaml": network(changed(phones=None))})
        await running.until(lambda: outcome(running) == "Failed", 60)
        assert "vnet phones by 100" in running.status(NAME).sentence
        assert set(vnets(lab)) == {"desks", "phones"}
        await running.declare({"network.yaml": None})
        await asyncio.sleep(900)
        assert "vnet phones by 100" in running.status(NAME).sentence
        assert set(vnets(lab)) == {"desks", "phones"}
        assert at_rest(lab)
        lab.api("PUT", "nodes/pve1/qemu/100/config", net0="virtio,bridge=vmbr0")
        await asyncio.sleep(1800)

    declared(lab, tmp_path).run(script)
    assert zones(lab) == {}


def test_a_node_that_is_offline_is_not_in_sync(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.happen("node_offline", value="pve2")
        await asyncio.sleep(1800)
        status = running.status(NAME)
        assert status.outcome == "Wait"
        assert ready(status) is not Truth.TRUE
        assert any("pve2 is offline" in one.message for one in status.conditions)
        lab.happen("calm")
        await asyncio.sleep(300)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "call",
    [
        ("POST", "/cluster/sdn/lock"),
        ("POST", "/cluster/sdn/zones"),
        ("POST", "/cluster/sdn/vnets"),
        ("POST", "/cluster/sdn/vnets/desks/subnets"),
        ("PUT", "/cluster/sdn"),
    ],
    ids=lambda call: f"{call[0]} {call[1]}",
)
@pytest.mark.parametrize("status", [0, 596])
def test_a_lost_answer_makes_nothing_twice_and_leaves_no_lock(
    lab: Lab, tmp_path: Path, call: tuple[str, str], moment: str, status: int
) -> None:
    lab.happen("reply_lost", method=call[0], path=call[1], status=status, executed=moment == "after", count=1)

    async def script(running: Running) -> None:
        await running.settle()
        assert outcome(running) == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert set(vnets(lab)) == {"desks", "phones"}
    assert set(subnets(lab)) == {"10.20.0.0/24"}
    assert applies(lab) <= 2
    assert at_rest(lab)


def test_a_restart_without_its_database_knows_it_by_its_mark(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert outcome(running) == "Done"

    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        declared(lab, folder).run(script)
    assert applies(lab) == 1


def test_a_lock_of_somebody_else_is_waited_for_and_told(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        token = lab.api("POST", "cluster/sdn/lock")
        await running.until(lambda: outcome(running) == "Failed", 1200)
        assert "pvesh delete /cluster/sdn/lock --force 1" in running.status(NAME).sentence
        assert locked(lab)
        lab.api("DELETE", f"cluster/sdn/lock?lock-token={token}")
        await asyncio.sleep(1800)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert at_rest(lab)


CUT_OFF = {"method": "PUT", "path": "/cluster/sdn", "status": 0, "executed": False, "count": 1}
"""An apply that never arrives, and nobody knows it: all is staged, and the lock is ours."""


def lock_of(lab: Lab) -> str | None:
    token: str | None = lab.get("state")["sdn"]["lock"]
    return token


def test_a_lock_that_somebody_took_after_ours_was_broken_is_left_to_him(lab: Lab, tmp_path: Path) -> None:
    lab.happen("reply_lost", **CUT_OFF)

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Wait" and locked(lab), 60)
        lab.api("DELETE", "cluster/sdn/lock?force=1")
        lab.api("POST", "cluster/sdn/rollback")
        token = lab.api("POST", "cluster/sdn/lock")
        await running.until(lambda: outcome(running) == "Failed", 1800)
        assert lock_of(lab) == token
        lab.api("DELETE", f"cluster/sdn/lock?lock-token={token}")
        await asyncio.sleep(1800)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert at_rest(lab)


def test_a_lock_that_somebody_takes_after_a_change_of_ours_went_wrong_is_left_to_him(
    lab: Lab, tmp_path: Path
) -> None:
    """What was once cut off gives no right to any later lock."""
    lab.happen("reply_lost", **CUT_OFF | {"executed": True})

    async def script(running: Running) -> None:
        await running.settle()
        token = lab.api("POST", "cluster/sdn/lock")
        await running.declare({"network.yaml": network(changed(desks={"tag": 30}))})
        await running.until(lambda: outcome(running) == "Failed", 1800)
        assert lock_of(lab) == token

    declared(lab, tmp_path).run(script)
    assert vnets(lab)["desks"]["tag"] == 20


@pytest.mark.parametrize("executed", [True, False], ids=["taken", "not taken"])
def test_a_lock_that_was_asked_for_and_never_answered_is_ours_only_when_nobody_is_at_it(
    lab: Lab, tmp_path: Path, *, executed: bool
) -> None:
    lost = {"method": "POST", "path": "/cluster/sdn/lock", "status": 0, "executed": executed, "count": 1}
    lab.happen("reply_lost", **lost)

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Wait", 60)
        if executed:
            await asyncio.sleep(120)
            assert locked(lab), "somebody may be about to do something with it"
            await running.settle()
            assert outcome(running) == "Done"
            return
        token = lab.api("POST", "cluster/sdn/lock")
        await asyncio.sleep(100)
        lab.api("POST", f"cluster/sdn/zones?lock-token={token}", zone="dmz", type="simple")
        await asyncio.sleep(1800)
        assert lock_of(lab) == token
        lab.api("PUT", f"cluster/sdn?lock-token={token}&release-lock=1")
        await asyncio.sleep(1800)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert set(zones(lab)) == ({"office"} if executed else {"office", "dmz"})
    assert at_rest(lab)


def test_what_is_staged_when_a_change_is_cut_off_is_taken_back_with_its_lock(
    lab: Lab, tmp_path: Path
) -> None:
    """The vnets are there already, so no new one tells whose the lock is: only the journal does."""
    other = changed(phones={"tag": 33})

    async def first(running: Running) -> None:
        await running.settle()
        lab.happen("reply_lost", **CUT_OFF)
        await running.declare({"network.yaml": network(other)})
        await running.until(lambda: locked(lab) and outcome(running) == "Wait", 60)

    async def second(running: Running) -> None:
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(first)
    assert staged(lab) == ["changed"]
    declared(lab, tmp_path, other).run(second)
    assert vnets(lab)["phones"]["tag"] == 33
    assert at_rest(lab)


def test_two_networks_are_applied_one_after_the_other(lab: Lab, tmp_path: Path) -> None:
    files = {"lab.yaml": cluster(lab.url)}
    for number in range(4):
        spec: dict[str, Any] = {"type": "simple", "vnets": {f"v{number}": {}}}
        files[f"{number}.yaml"] = network(spec, f"zone{number}")

    async def script(running: Running) -> None:
        await running.settle()
        assert {status.outcome for status in running.statuses().values()} == {"Done"}

    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert set(zones(lab)) == {"zone0", "zone1", "zone2", "zone3"}
    assert applies(lab) == 4
    assert at_rest(lab)


@pytest.mark.parametrize("status", [500, 595, 503, 403])
@pytest.mark.parametrize(
    "call",
    [
        ("POST", "/cluster/sdn/lock"),
        ("POST", "/cluster/sdn/vnets"),
        ("PUT", "/cluster/sdn"),
        ("POST", "/cluster/sdn/rollback"),
        ("GET", "/nodes/pve2/sdn/zones"),
        ("GET", "/cluster/sdn/zones"),
        ("GET", "/cluster/tasks"),
    ],
    ids=lambda call: f"{call[0]} {call[1]}",
)
def test_a_call_that_fails_is_tried_again_and_leaves_no_lock(
    lab: Lab, tmp_path: Path, call: tuple[str, str], status: int
) -> None:
    if call[1].endswith("rollback"):
        lab.happen(
            "reply_lost", method="POST", path="/cluster/sdn/vnets", status=595, executed=False, count=1
        )
    lab.happen("reply_lost", method=call[0], path=call[1], status=status, executed=False, count=2)

    async def script(running: Running) -> None:
        await asyncio.sleep(300)
        await running.settle(running.now())
        assert outcome(running) == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert set(vnets(lab)) == {"desks", "phones"}
    assert at_rest(lab)


def test_a_zone_made_by_hand_is_declared_by_its_id_and_taken_over_without_a_change(
    lab: Lab, tmp_path: Path
) -> None:
    lab.api(
        "POST", "cluster/sdn/zones", zone="dmz", type="simple", nodes="pve1,pve2", ipam="pve", dhcp="dnsmasq"
    )
    lab.api("POST", "cluster/sdn/vnets", vnet="web", zone="dmz", alias="shop")
    lab.api(
        "POST",
        "cluster/sdn/vnets/web/subnets",
        subnet="10.9.0.0/24",
        type="subnet",
        gateway="10.9.0.1",
        **{"dhcp-range": "start-address=10.9.0.5,end-address=10.9.0.9"},
    )
    lab.api("PUT", "cluster/sdn")
    there = zones(lab), subnets(lab, "web")

    async def find(running: Running) -> dict[str, Any]:
        await running.settle()
        stray = await find_stray(running.estate, Key("default", "ProxmoxCluster", "lab"), "dmz")
        assert (stray.kind, stray.title) == ("Network", "dmz")
        return stray.spec

    folder = tmp_path / "one"
    folder.mkdir()
    spec = VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url)}).run(find)

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status("Network/dmz").outcome == "Done"

    files = {"lab.yaml": cluster(lab.url), "dmz.yaml": network(spec, "dmz", adopt=True)}
    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert (zones(lab), subnets(lab, "web")) == there
    assert vnets(lab)["web"]["alias"] == "shop [setpoint: home default/Network/dmz zone=dmz]"
    assert applies(lab) == 2
    assert at_rest(lab)


def test_what_a_token_lacks_is_told_with_the_command(lab: Lab, tmp_path: Path) -> None:
    lab.begin(world(ROLES))

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Failed", 60)
        sentence = running.status(NAME).sentence
        assert "SDN.Allocate" in sentence
        assert "pveum acl modify /sdn" in sentence
        assert "--roles PVESDNAdmin" in sentence

    declared(lab, tmp_path).run(script)
    assert zones(lab) == {}


def test_what_a_former_life_left_of_a_network_that_is_not_declared_any_more_is_taken_back(
    lab: Lab, tmp_path: Path
) -> None:
    token = lab.api("POST", "cluster/sdn/lock")
    mark = "[setpoint: home default/Network/gone zone=gone]"
    lab.api("POST", "cluster/sdn/zones", zone="gone", type="simple", **{"lock-token": token})
    lab.api("POST", "cluster/sdn/vnets", vnet="old", zone="gone", alias=mark, **{"lock-token": token})

    async def script(running: Running) -> None:
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert set(zones(lab)) == {"office"}
    assert at_rest(lab)


def test_a_network_that_another_estate_is_at_is_left_to_it(lab: Lab, tmp_path: Path) -> None:
    token = lab.api("POST", "cluster/sdn/lock")
    mark = "[setpoint: work default/Network/other zone=other]"
    lab.api("POST", "cluster/sdn/zones", zone="other", type="simple", **{"lock-token": token})
    lab.api("POST", "cluster/sdn/vnets", vnet="old", zone="other", alias=mark, **{"lock-token": token})

    async def script(running: Running) -> None:
        await running.until(lambda: outcome(running) == "Failed", 1200)
        assert locked(lab)
        assert applies(lab) == 0

    declared(lab, tmp_path).run(script)
    assert set(vnets(lab, "pending")) == {"old"}


def test_a_node_that_was_offline_at_the_apply_gets_it_when_it_is_back(lab: Lab, tmp_path: Path) -> None:
    lab.happen("node_offline", value="pve2")

    async def script(running: Running) -> None:
        await asyncio.sleep(600)
        assert outcome(running) == "Wait"
        assert applies(lab) == 1
        lab.happen("node_online", value="pve2")
        await asyncio.sleep(600)
        await running.settle()
        assert outcome(running) == "Done"

    declared(lab, tmp_path).run(script)
    assert applies(lab) == 2
    assert {node: loaded["version"] for node, loaded in lab.get("state")["sdn"]["loaded"].items()} == {
        "pve1": 2,
        "pve2": 2,
    }
