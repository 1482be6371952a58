"""Machines that are entered in NetBox: edited through pynetbox, converged on the cluster, and told back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pynetbox
import pytest

from setpoint_lab.process import launch_netbox
from tests.e2e.rig import ALL, Rig
from tests.rig.waiting import until

pytestmark = pytest.mark.integration
SHOP = "VirtualMachine/shop01"


@pytest.fixture
def desk(lab: Rig) -> Any:
    """What somebody in front of NetBox uses, unmodified."""
    return api(lab)


def api(rig: Rig) -> Any:
    return pynetbox.api(rig.netbox.url, token=rig.folder.netbox_secret.read_text().strip())


def machine(desk: Any, name: str) -> Any:
    return desk.virtualization.virtual_machines.get(name=name)


def told(desk: Any, name: str, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """Wait until the custom fields of a machine say so; they."""

    def found() -> dict[str, Any] | None:
        fields: dict[str, Any] = machine(desk, name).custom_fields
        return fields if holds(fields) else None

    return until(found, f"{name} told {what}")


def in_sync(fields: dict[str, Any]) -> bool:
    return fields["setpoint_phase"] == "inSync"


def test_what_is_entered_there_is_made_and_told_back(lab: Rig, desk: Any) -> None:
    fields = told(desk, "shop01", in_sync, "in sync")
    guest = lab.guest(SHOP)
    assert (guest["cores"], guest["memory"]) == (2, "1024")
    assert (fields["pve_vmid"], fields["pve_node"]) == (guest["vmid"], guest["node"])
    assert fields["setpoint_message"] == "in sync"
    assert len(fields["setpoint_observed_hash"]) >= 8
    assert lab.guest("VirtualMachine/shop02")["status"] == "stopped", "what is staged is made and not started"


def test_an_edit_there_converges_and_is_told_back(lab: Rig, desk: Any) -> None:
    before = told(desk, "shop01", in_sync, "in sync")
    machine(desk, "shop01").update({"description": "Sells more."})
    until(lambda: "Sells more." in lab.guest(SHOP)["description"], "its description on the cluster")

    def anew(fields: dict[str, Any]) -> bool:
        return in_sync(fields) and fields["setpoint_observed_hash"] != before["setpoint_observed_hash"]

    after = told(desk, "shop01", anew, "another declaration in sync")
    assert after["pve_vmid"] == before["pve_vmid"]
    assert machine(desk, "shop01").description == "Sells more.", "nothing that a person wrote is lost"
    history = lab.told("history", SHOP)["events"]
    assert any("netbox" in event["sentence"] for event in history), history


def test_what_waits_for_a_restart_is_told_there(lab: Rig, desk: Any) -> None:
    machine(desk, "shop01").update({"memory": 1536})
    until(lambda: lab.guest(SHOP)["memory"] == "1536", "more memory on the cluster")
    fields = told(desk, "shop01", lambda fields: "restart" in fields["setpoint_message"], "of a restart")
    assert fields["setpoint_phase"] != "inSync", fields
    machine(desk, "shop01").update({"memory": 1024})
    told(desk, "shop01", in_sync, "in sync again")


def test_each_value_says_where_it_comes_from(lab: Rig) -> None:
    shown = lab.call("plan", SHOP, "--effective").stdout
    assert "netbox virtual-machines/1 shop01: memory" in shown
    assert "read as MiB" in shown
    assert "defaults.yaml" in shown


def test_a_manifest_takes_what_it_names_and_a_contradiction_is_told(lab: Rig, desk: Any) -> None:
    machine(desk, "shop02").update({"vcpus": 2, "memory": 768})
    lab.write(
        "prod/shop02.yaml",
        "kind: VirtualMachine\nmetadata: {name: shop02}\nspec: {memory: 640MiB, power: stopped}\n",
    )
    commit = lab.push("Know better about the memory of shop02")
    lab.followed(commit)
    until(lambda: lab.guest("VirtualMachine/shop02")["memory"] == "640", "the manifest's memory")
    until(lambda: int(lab.guest("VirtualMachine/shop02")["cores"]) == 2, "NetBox's cores")
    status = until(lambda: lab.call("status", "VirtualMachine/shop02").stdout, "a status")
    assert "memory" in status
    assert "768" in status, status
    lab.edit("prod/shop02.yaml", "spec:", "policy: {take: {netbox: [cores]}}\nspec:")
    lab.followed(lab.push("Take no memory from NetBox"))
    until(lambda: "768" not in lab.call("status", "VirtualMachine/shop02").stdout, "no contradiction left")
    lab.write("prod/shop02.yaml", None)
    lab.followed(lab.push("Leave shop02 to NetBox again"))
    until(lambda: lab.guest("VirtualMachine/shop02")["memory"] == "768", "NetBox's memory")


def test_what_is_removed_there_stays_on_the_cluster(own_lab: Rig) -> None:
    desk = api(own_lab)
    vmid = own_lab.guest(SHOP)["vmid"]
    machine(desk, "shop01").delete()
    until(lambda: not own_lab.row(SHOP) or "outcome" not in own_lab.row(SHOP), "shop01 released")
    assert own_lab.guest(SHOP)["vmid"] == vmid
    assert not [call for call in own_lab.writes() if call.startswith("DELETE")]


def test_a_netbox_that_is_away_changes_nothing_also_over_a_restart(own_lab: Rig) -> None:
    state = own_lab.netbox_state()
    own_lab.netbox.stop()

    def unread() -> bool:
        return "netbox" in own_lab.call("status").stdout and not inventory(own_lab)["good"]

    until(unread, "a NetBox that cannot be read")
    before = own_lab.writes()
    assert own_lab.end() == 0
    own_lab.start()
    rows = own_lab.in_sync(ALL)["resources"]
    assert {SHOP, "VirtualMachine/shop02"} <= {row["key"] for row in rows}
    own_lab.edit("prod/web01.yaml", "2GiB", "3GiB")
    own_lab.push("More memory")
    until(lambda: own_lab.guest("VirtualMachine/web01")["memory"] == "3072", "what git says goes on")
    assert not [call for call in own_lab.writes()[len(before) :] if call.startswith("DELETE")]
    own_lab.folder.keep_netbox(state)
    own_lab.netbox = launch_netbox(port=own_lab.folder.netbox_port, state=own_lab.folder.netbox_world)
    until(lambda: inventory(own_lab)["good"], "NetBox read again")
    machine(api(own_lab), "shop01").update({"memory": 2048})
    until(lambda: own_lab.guest(SHOP)["memory"] == "2048", "an edit after it came back")


def inventory(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.status()["inventories"][0]
    return found
