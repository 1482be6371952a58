"""What the daemon survives: a lost database, a rewritten history, being killed, being stopped, a dead target."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.rig import Rig
from tests.rig.waiting import until

pytestmark = pytest.mark.integration
NEW = "kind: VirtualMachine\nmetadata: {name: new01}\nspec: {node: pve2, power: running}\n"


def test_a_lost_database_is_rebuilt_from_the_marks(own_lab: Rig) -> None:
    lab = own_lab
    assert lab.end() == 0
    for path in (lab.folder.root / "state").glob("setpoint.db*"):
        path.unlink()
    before = lab.writes()
    without = lab.call("plan")
    assert (without.returncode, "without memory" in without.stdout) == (0, True)
    lab.start()
    lab.in_sync()
    assert lab.call("plan").returncode == 0
    assert lab.writes() == before
    rows = lab.status()["resources"]
    vmids = {row["detail"]["vmid"] for row in rows if row["kind"] == "VirtualMachine"}
    assert vmids == {guest["vmid"] for guest in lab.guests() if "setpoint" in str(guest.get("tags"))}


def test_a_rewritten_history_is_held_until_approved(own_lab: Rig) -> None:
    lab = own_lab
    old = lab.status()["source"]["version"]
    lab.edit("prod/web01.yaml", "Front end", "New face")
    lab.git("commit", "-q", "--all", "--amend", "-m", "Rewrite the first commit")
    lab.git("push", "-q", "--force")
    commit = lab.git("rev-parse", "HEAD")
    until(lambda: not lab.status()["source"]["good"], "the daemon noticed")
    held = lab.call("status")
    assert held.returncode == 3
    assert f"setpoint approve {commit}" in held.stdout
    assert lab.status()["source"]["version"] == old
    assert "Front end" in lab.guest("VirtualMachine/web01")["description"]
    seen = lab.call("plan")
    assert (seen.returncode, f"setpoint plan --against {commit[:12]}" in seen.stderr) == (3, True)
    assert lab.call("plan", "--against", commit[:12]).returncode == 2
    assert lab.call("approve", commit[:12]).returncode == 0
    until(
        lambda: "New face" in lab.guest("VirtualMachine/web01")["description"], "the new history is followed"
    )
    lab.in_sync()
    assert lab.call("status").returncode == 0


def test_killed_in_the_middle_of_a_create_there_is_one_machine_afterwards(own_lab: Rig) -> None:
    lab = own_lab
    lab.write("new01.yaml", NEW)
    lab.push("One more")
    until(lambda: any(write == "POST /nodes/pve2/qemu" for write in lab.writes()[-1:]), "the create began")
    assert lab.end(signal.SIGKILL) == -signal.SIGKILL
    lab.start()
    lab.in_sync({"VirtualMachine/new01"})
    assert [guest["name"] for guest in lab.guests()].count("new01") == 1
    assert lab.writes().count("POST /nodes/pve2/qemu") == 3, "web02, vault01 and new01, once each"
    assert lab.call("plan").returncode == 0


def test_stopped_in_the_middle_of_work_it_ends_well_and_goes_on_later(own_lab: Rig) -> None:
    lab = own_lab
    lab.write("new01.yaml", NEW)
    lab.push("One more")
    until(lambda: any(write == "POST /nodes/pve2/qemu" for write in lab.writes()[-1:]), "the create began")
    began = time.monotonic()
    assert lab.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    assert "daemon_stopped" in lab.folder.log.read_text()
    lab.start()
    lab.in_sync({"VirtualMachine/new01"})
    assert lab.writes().count("POST /nodes/pve2/qemu") == 3


def test_a_dead_target_is_told_as_failed_and_healed(own_lab: Rig) -> None:
    lab = own_lab
    state = lab.power_off()
    answer = lab.call("resync", "VirtualMachine/web01", "--wait")
    assert answer.returncode == 2, "it only waits"
    assert "cannot be reached" in answer.stdout
    target = lab.call("resync", "ProxmoxCluster/lab", "--wait")
    assert target.returncode == 1
    assert "cannot be reached" in target.stdout
    status = lab.call("status")
    assert status.returncode == 1
    assert "Unknown" in status.stdout, "unreachable is not deleted"
    lab.power_on(state)
    before = lab.writes()
    until(lambda: lab.call("resync", "--all", "--wait").returncode == 0, "healed")
    assert lab.writes() == before


def test_without_a_daemon_status_shows_what_was_remembered(own_lab: Rig) -> None:
    lab = own_lab
    assert lab.end() == 0
    seen = lab.call("status")
    assert seen.returncode == 1
    assert "Estate lab (stopped), git: " in seen.stdout
    assert "VirtualMachine/web01" in seen.stdout
    assert (
        "start the daemon: systemctl start setpoint, or setpoint run; shown is what it remembered"
        in seen.stderr
    )
    for verb in (("drift",), ("resync", "--all"), ("history",), ("approve", "abcdefg")):
        refused = lab.call(*verb)
        assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
        assert "start the daemon" in refused.stderr
    lab.poke("VirtualMachine/web01", "onboot=0")
    applied = lab.call("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "VirtualMachine/web01: set onboot" in applied.stderr
    assert lab.guest("VirtualMachine/web01")["onboot"] == 1
