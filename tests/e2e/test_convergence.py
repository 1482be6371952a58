"""The main job: what is committed comes true, what is changed by hand is found, and what is told is true."""

from __future__ import annotations

import pytest

from tests.e2e.rig import Rig
from tests.rig.waiting import until

pytestmark = pytest.mark.integration


def test_a_commit_changes_the_machine(lab: Rig) -> None:
    lab.edit("prod/web01.yaml", "Front end of the shop.", "Face of the shop.")
    commit = lab.push("Say it better")
    until(
        lambda: "Face of the shop." in lab.guest("VirtualMachine/web01")["description"], "the new description"
    )
    lab.followed(commit)
    events = lab.told("history", "VirtualMachine/web01")["events"]
    declared = next(event for event in events if event["kind"] == "declared")
    assert declared["actor"] == "You <you@example.org>"
    assert declared["sentence"] == f"declaration changed by {commit[:12]}: Say it better"


def test_a_hand_made_change_is_shown_with_both_values_and_corrected(lab: Rig) -> None:
    lab.poke("VirtualMachine/web01", "onboot=0", "memory=1024")
    assert lab.call("plan", "VirtualMachine/web01").returncode == 2
    answer = lab.call("resync", "VirtualMachine/web01", "--wait")
    assert (answer.returncode, answer.stdout) == (0, "VirtualMachine/web01: Done: in sync\n")
    drift = lab.told("drift", "VirtualMachine/web01")
    assert drift["drift"] == []
    assert {(row["path"], row["observed"], row["desired"]) for row in drift["recent"]} >= {
        ("/onboot", False, True),
        ("/memory", "1GiB", "2GiB"),
    }
    guest = lab.guest("VirtualMachine/web01")
    assert (guest["onboot"], guest["memory"]) == (1, "2048")
    shown = lab.call("drift").stdout
    assert "VirtualMachine/web01  onboot was false, declared is true" in shown
    told = [event["kind"] for event in lab.told("history", "VirtualMachine/web01")["events"]]
    assert {"drift", "step"} <= set(told)


def test_drift_warn_only_reports(lab: Rig) -> None:
    before = lab.writes()
    lab.poke("VirtualMachine/db01", "onboot=0")
    answer = lab.call("resync", "VirtualMachine/db01", "--wait")
    assert answer.returncode == 2
    assert "onboot differs and policy.drift is warn" in answer.stdout
    (row,) = lab.told("drift", "VirtualMachine/db01")["drift"]
    assert (row["path"], row["observed"], row["desired"], row["drift"]) == ("/onboot", False, True, "warn")
    assert lab.call("drift").returncode == 2
    assert lab.guest("VirtualMachine/db01")["onboot"] == 0
    assert [w for w in lab.writes() if w not in before] == []
    lab.poke("VirtualMachine/db01", "onboot=1")
    assert lab.call("resync", "VirtualMachine/db01", "--wait").returncode == 0
    assert lab.told("drift")["drift"] == []


def test_a_resync_with_wait_tells_the_truth(lab: Rig) -> None:
    told = lab.told("resync", "VirtualMachine/web02", "--wait")
    (answer,) = told["answers"]
    assert answer["handled"]
    assert answer["number"] == told["requests"]["VirtualMachine/web02"]
    again = lab.told("resync", "VirtualMachine/web02", "--wait")
    assert again["requests"]["VirtualMachine/web02"] == answer["number"] + 1
    lab.edit("prod/web02.yaml", "spec:", "spec:\n  memory: 3GiB")
    lab.followed(lab.push("More memory"))
    held = lab.call("resync", "VirtualMachine/web02", "--wait")
    assert held.returncode == 3
    assert "memory takes effect after a restart" in held.stdout
    assert lab.call("status", "VirtualMachine/web02").returncode == 3
    lab.edit("prod/web02.yaml", "spec:\n  memory: 3GiB", "spec:")
    lab.followed(lab.push("Less memory"))
    assert lab.call("resync", "VirtualMachine/web02", "--wait").returncode == 0


def test_a_broken_manifest_keeps_its_machine_and_its_neighbours_converge(lab: Rig) -> None:
    lab.edit("prod/web01.yaml", "cores: 2", "cores: many")
    lab.edit("test/build01.yaml", "spec:", "spec:\n  description: Builds.")
    commit = lab.push("A mistake and a change")
    lab.followed(commit)
    assert "Builds." in lab.guest("test/VirtualMachine/build01")["description"]
    status = lab.call("status")
    assert status.returncode == 1
    assert "  prod/web01.yaml:4:" in status.stdout
    assert "spec.cores" in status.stdout
    assert "(kept as it was: its declaration is broken now)" in status.stdout
    assert lab.guest("VirtualMachine/web01")["cores"] == 2
    lab.edit("prod/web01.yaml", "cores: many", "cores: 2")
    lab.followed(lab.push("Correct it"))
    assert lab.call("status").returncode == 0


def test_what_leaves_the_declarations_is_kept_and_told(lab: Rig) -> None:
    manifest = (lab.folder.clone / "test/web01.yaml").read_text()
    there = lab.guest("test/VirtualMachine/web01")
    lab.write("test/web01.yaml", None)
    lab.followed(lab.push("Let it go"))
    status = lab.call("status")
    assert status.returncode == 0
    assert "Left the declarations and left alone:\n  test/VirtualMachine/web01  vmid" in status.stdout
    assert lab.guest("test/VirtualMachine/web01")["vmid"] == there["vmid"]
    before = lab.writes()
    lab.write("test/web01.yaml", manifest)
    lab.followed(lab.push("Take it back"))
    lab.in_sync({"test/VirtualMachine/web01"})
    assert lab.guest("test/VirtualMachine/web01")["vmid"] == there["vmid"]
    assert lab.writes() == before
    assert lab.status()["released"] == []


def test_a_second_daemon_refuses_in_one_sentence(lab: Rig) -> None:
    ended = lab.call("run")
    assert ended.returncode == 1
    refusals = [line for line in ended.stderr.splitlines() if line.startswith("setpoint: ")]
    assert len(refusals) == len(ended.stderr.splitlines()) == 1
    assert (
        f"the state directory {lab.folder.root / 'state'} is in use by process {lab.daemon.pid}"
        in refusals[0]
    )


def test_apply_beside_the_daemon_refuses_and_names_resync(lab: Rig) -> None:
    ended = lab.call("apply")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "in use by process" in ended.stderr
    assert ended.stderr.rstrip().endswith("setpoint resync --all --wait")


def test_a_plan_writes_neither_to_the_cluster_nor_to_the_state(lab: Rig) -> None:
    before = lab.writes(), state_of(lab)
    lab.edit("prod/web01.yaml", "Face of the shop.", "Back of the shop.")
    planned = lab.call("plan", "--source", str(lab.folder.clone))
    lab.git("checkout", "-q", "prod/web01.yaml")
    assert planned.returncode == 2
    assert "description: Face of the shop. → Back of the shop." in planned.stdout
    assert lab.call("plan").returncode == 0
    assert lab.call("plan", "--against", "main").returncode == 0
    assert (lab.writes(), state_of(lab)) == before


def state_of(lab: Rig) -> set[str]:
    return {str(path) for path in (lab.folder.root / "state").rglob("*")}
