"""What the example estate shows beyond a plain VM is really so, and a trouble of the cluster is told once."""

from __future__ import annotations

import pytest

from tests.e2e.rig import ALL, Rig
from tests.rig.waiting import until

pytestmark = pytest.mark.integration

APP, FILES, VAULT = (f"VirtualMachine/{name}" for name in ("app01", "files01", "vault01"))


def test_the_clone_got_its_settings_and_publishes_its_address(lab: Rig) -> None:
    guest = lab.guest(APP)
    assert guest["ciuser"] == "admin"
    assert set(guest["ipconfig0"].split(",")) == {"ip=192.0.2.10/24", "gw=192.0.2.1"}
    assert guest["cipassword"] == "**********"
    outputs = lab.row(APP)["outputs"]
    assert (outputs["ipv4"], outputs["addresses"]) == ("192.0.2.10", {"v4": ["192.0.2.10"], "v6": []})
    shown = lab.call("status", APP).stdout
    assert "  addresses: net0 192.0.2.10/24\n" in shown
    assert "ipv4 192.0.2.10" in shown
    password = lab.folder.password.read_text().strip()
    assert password not in (lab.folder.log.read_text() + lab.call("history", APP).stdout + shown)


def test_the_vault_starts_by_uefi_with_a_tpm(lab: Rig) -> None:
    guest = lab.guest(VAULT)
    assert (guest["bios"], guest["machine"]) == ("ovmf", "q35")
    assert {"efidisk0", "tpmstate0"} <= guest.keys()


def test_the_machine_made_by_hand_is_taken_over_without_a_restart_and_keeps_its_notes(lab: Rig) -> None:
    guest = lab.guest(FILES)
    assert guest["vmid"] == 200
    assert guest["description"].startswith("Do not touch. Ask Karl.")
    assert "/nodes/pve2/qemu/200/" not in " ".join(w for w in lab.writes() if "/status/" in w)
    (step,) = (e for e in lab.told("history", FILES)["events"] if e["kind"] == "step")
    assert step["sentence"].startswith("write description, tags of VM 200")


def test_what_needs_a_restart_waits_for_the_window_and_says_when_it_opens(lab: Rig) -> None:
    lab.edit("prod/app01.yaml", "cores: 2", "cores: 4")
    lab.followed(lab.push("More cores"))
    status = lab.call("status", APP)
    assert status.returncode == 2, "it passes without anybody's doing"
    assert "it is restarted when the window opens, Sun " in status.stdout
    assert "  pendingRestart: cores\n" in status.stdout
    lab.edit("prod/app01.yaml", "cores: 4", "cores: 2")
    lab.followed(lab.push("No more cores"))
    lab.in_sync({APP})


def test_a_test_machine_is_restarted_at_once(lab: Rig) -> None:
    lab.edit("test/build01.yaml", "cores: 2", "cores: 3")
    lab.followed(lab.push("More cores"))
    lab.in_sync({"test/VirtualMachine/build01"})
    steps = [e["sentence"] for e in lab.told("history", "test/VirtualMachine/build01")["events"]]
    assert any(sentence.startswith("restart VM ") for sentence in steps)


def test_a_node_that_is_off_is_told_once_and_calm_brings_all_back(lab: Rig) -> None:
    broken = lab.call("lab", "--dir", str(lab.folder.root), "trouble", "node", "pve2")
    assert broken.returncode == 0, broken.stderr
    assert broken.stdout.startswith("pve2 is switched off; look with: ")
    lab.call("resync", "--all", "--wait")
    rows = {row["key"]: row for row in lab.status()["resources"]}
    assert rows["ProxmoxCluster/lab"]["sentence"] == "node pve2 is offline"
    away = {key for key, row in rows.items() if row["outcome"] == "Blocked"}
    assert away == {FILES, VAULT, "VirtualMachine/web02"}
    assert lab.told("drift")["drift"] == [], "what cannot be seen is no drift"
    settled(lab, "calm")


def test_a_lost_permission_names_the_command_that_grants_it_once(lab: Rig) -> None:
    lab.call("lab", "--dir", str(lab.folder.root), "trouble", "permissions")
    lab.call("resync", "--all", "--wait")
    until(lambda: {lab.row(key)["outcome"] for key in (APP, FILES)} == {"Blocked"}, "blocked")
    lines = lab.call("status").stdout.splitlines()
    assert ["pveum acl modify /vms" in line for line in lines].count(True) == 1
    assert sum(line.endswith("  waits for ProxmoxCluster/lab") for line in lines) == len(ALL) - 1
    settled(lab, "calm")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("node", "pve9"), "there is no node pve9; write pve1, pve2, pve3"),
        (("fire",), "'fire' is not one of 'node'"),
    ],
    ids=["no such node", "no such trouble"],
)
def test_a_trouble_that_cannot_be_is_one_sentence(
    lab: Rig, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = lab.call("lab", "--dir", str(lab.folder.root), "trouble", *arguments)
    assert ended.returncode == 1
    assert sentence in ended.stderr


def settled(lab: Rig, word: str) -> None:
    ended = lab.call("lab", "--dir", str(lab.folder.root), "trouble", word)
    assert (ended.returncode, ended.stdout.partition(";")[0]) == (0, "all is well again")
    lab.call("resync", "--all", "--wait")
    lab.in_sync()
