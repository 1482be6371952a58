"""What stops Setpoint, as stories of those who run it: freeze, window, approval, adoption, and two estates on one cluster."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from setpoint_lab.rehearsal_folder import Folder
from tests.e2e.rig import COMMAND, Rig, start_daemon
from tests.rig.waiting import until

pytestmark = pytest.mark.integration

WEB, APP = "VirtualMachine/web01", "VirtualMachine/app01"
LOST = "test/VirtualMachine/web01"
WIKI = 201
SUNDAY = "sun 03:00-03:15 Europe/Berlin"
"""The window of the example, which may be now."""


def answered(lab: Rig, key: str) -> dict[str, Any]:
    """The row of a key after a fresh look."""
    lab.call("resync", key, "--wait")
    return lab.row(key)


def held(lab: Rig, key: str) -> list[dict[str, Any]]:
    """What holds a key, once something does: a machine that was just made is listed a little later."""
    found: list[dict[str, Any]] = until(lambda: lab.row(key)["holds"], f"{key} is held", 60.0)
    return found


def rules(row: dict[str, Any]) -> set[str]:
    return {hold["rule"] for hold in row["holds"]}


def test_while_all_is_frozen_drift_is_told_and_left_and_corrected_when_that_ends(lab: Rig) -> None:
    """Anna replaces disks; somebody pokes at web01 meanwhile."""
    assert lab.call("freeze", "--why", "disks are replaced", "--for", "2h").returncode == 0
    lab.poke(WEB, "onboot=0")
    writes = lab.writes()
    row = answered(lab, WEB)
    assert (row["outcome"], rules(row)) == ("Held", {"Frozen"})
    assert "disks are replaced" in row["sentence"]
    assert lab.call("status").returncode == 2, "it ends by itself"
    lab.edit("prod/web02.yaml", "tags: [prod, web]", "tags: [prod, web, blue]")
    lab.followed(lab.push("Blue"))
    assert rules(lab.row("VirtualMachine/web02")) == {"Frozen"}
    assert (lab.writes(), lab.guest(WEB)["onboot"]) == (writes, 0)

    assert lab.call("unfreeze").returncode == 0

    until(lambda: lab.guest(WEB)["onboot"] == 1, "web01 as declared")
    until(lambda: "blue" in lab.guest("VirtualMachine/web02")["tags"], "web02 as declared")
    kinds = [event["kind"] for event in lab.told("history", "--limit", "100")["events"]]
    assert kinds.index("thawed") < kinds.index("frozen")


def test_one_paused_machine_is_left_alone_and_the_others_go_on(lab: Rig) -> None:
    """Karl looks at the disk of web01."""
    assert lab.call("pause", WEB, "--why", "I look at its disk").returncode == 0
    for key in (WEB, "VirtualMachine/web02"):
        lab.poke(key, "onboot=0")
    lab.call("resync", WEB, "VirtualMachine/web02", "--wait")
    assert rules(lab.row(WEB)) == {"Paused"}
    until(lambda: lab.guest("VirtualMachine/web02")["onboot"] == 1, "web02 as declared")
    assert lab.guest(WEB)["onboot"] == 0
    assert lab.call("resume", WEB).returncode == 0
    until(lambda: lab.guest(WEB)["onboot"] == 1, "web01 as declared")


def test_a_restart_waits_for_its_hours_and_comes_when_they_are_there(lab: Rig) -> None:
    """The window is in three days; then somebody opens it now."""
    began = lab.ask("GET", f"/nodes/pve1/qemu/{lab.guest(APP)['vmid']}/status/current")["pid"]
    later = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower() + " 03:00-03:15 UTC"
    lab.edit("prod/app01.yaml", "cores: 2", "cores: 4")
    lab.edit("prod/app01.yaml", SUNDAY, later)
    lab.followed(lab.push("More cores"))
    row = lab.row(APP)
    assert (row["outcome"], rules(row)) == ("Held", {"RebootPending"})
    (hold,) = row["holds"]
    assert (hold["passing"], hold["releasedBy"]) == (True, "time")
    (step,) = (s for r in lab.told("plan", APP)["resources"] for s in r["steps"])
    assert (step["disruption"], [one["releasedBy"] for one in step["holds"]]) == ("restart", ["time"])

    lab.edit("prod/app01.yaml", later, "00:00-23:59 UTC")
    lab.followed(lab.push("Now"))

    lab.in_sync({APP})
    now = lab.ask("GET", f"/nodes/pve1/qemu/{lab.guest(APP)['vmid']}/status/current")
    assert (now["cpus"], now["pid"] != began) == (4, True)


def test_what_was_lost_is_made_anew_only_after_somebody_approved_that(lab: Rig) -> None:
    """A machine was destroyed by hand; no backup is left, so an empty one it is."""
    vmid = lab.guest(LOST)["vmid"]
    assert lab.call("lab", "--dir", str(lab.folder.root), "lose", LOST).returncode == 0
    row = answered(lab, LOST)
    assert rules(row) == {"Recreate"}
    (hold,) = row["holds"]
    assert lab.call("status").returncode == 3
    assert lab.guest(LOST) == {}
    refused = lab.call("approve", "0123456789ab")
    assert (refused.returncode, hold["token"] in refused.stderr) == (1, True)

    assert lab.call("approve", hold["token"]).returncode == 0

    lab.in_sync({LOST})
    assert lab.guest(LOST)["vmid"] == vmid
    (event,) = (e for e in lab.told("history", "--limit", "100")["events"] if e["kind"] == "approved")
    assert hold["token"] in event["sentence"]


def test_a_machine_made_by_hand_is_adopted_by_the_file_that_is_written_for_it(lab: Rig) -> None:
    """Nobody knows who made wiki01; it shall neither be touched nor be lost sight of."""
    place = lab.folder.clone / "legacy" / "wiki01.yaml"
    before = next(guest for guest in lab.guests() if guest["vmid"] == WIKI)
    said = lab.call("adopt", f"lab/{WIKI}", "--source", str(lab.folder.clone), "--write", str(place))
    assert said.returncode == 0, said.stderr
    assert "VirtualMachine/wiki01" in said.stderr
    lab.followed(lab.push("Adopt wiki01"))
    lab.in_sync({"VirtualMachine/wiki01"})
    after = next(guest for guest in lab.guests() if guest["vmid"] == WIKI)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed - {"digest", "uptime", "cpu", "mem", "netin", "netout", "diskread", "diskwrite"} == {
        "description", "tags",
    }  # fmt: skip
    lab.poke("VirtualMachine/wiki01", "cores=4")
    row = answered(lab, "VirtualMachine/wiki01")
    assert (rules(row), lab.call("status", "VirtualMachine/wiki01").returncode) == ({"DriftWarn"}, 2)
    again = lab.call("adopt", f"lab/{WIKI}")
    assert (again.returncode, "is declared already: VirtualMachine/wiki01" in again.stderr) == (1, True)


@dataclass
class Neighbour:
    """A second daemon with an estate of its own on the same cluster."""

    folder: Folder
    daemon: subprocess.Popen[bytes]

    def told(self, *arguments: str) -> dict[str, Any]:
        environment = {**os.environ, "SETPOINT_CONFIG": str(self.folder.settings)}
        ended = subprocess.run(
            (*COMMAND, *arguments, "-o", "json"),
            capture_output=True,
            check=False,
            env=environment,
            timeout=60,
        )
        found: dict[str, Any] = yaml.safe_load(ended.stdout)
        return found

    def rows(self) -> dict[str, dict[str, Any]]:
        if not self.folder.socket.exists():
            return {}
        return {row["key"]: row for row in self.told("status").get("resources", [])}

    def settled(self) -> dict[str, dict[str, Any]]:
        """Every row, once none is on its way any more."""

        def found() -> dict[str, dict[str, Any]] | None:
            assert self.daemon.poll() is None, self.folder.log.read_text()
            rows = self.rows()
            going = {"Pending", "Changed", "Wait"} & {row["outcome"] for row in rows.values()}
            return rows if rows and not going else None

        return until(found, "the neighbour has looked")


@contextmanager
def neighbour(lab: Rig, root: Path, **machines: dict[str, Any]) -> Generator[Neighbour]:
    """The estate `work`, which declares these machines."""
    (root / "estate").mkdir(parents=True)
    text = (lab.folder.clone / "cluster.yaml").read_text()
    (root / "estate/cluster.yaml").write_text(text)
    (root / "setpoint.yaml").write_text(
        "estate: work\nsource: {directory: {path: estate}}\nstate: state\nmetrics: {listen: none}\n"
    )
    for name, manifest in machines.items():
        whole = {"kind": "VirtualMachine", "metadata": {"name": name}, **manifest}
        (root / f"estate/{name}.yaml").write_text(yaml.safe_dump(whole))
    folder = Folder(root)
    daemon = start_daemon(folder)
    try:
        yield Neighbour(folder, daemon)
    finally:
        daemon.kill()
        daemon.wait()


def test_two_estates_on_one_cluster_leave_each_others_machines_alone_and_say_whose_they_are(
    lab: Rig, tmp_path: Path
) -> None:
    ours, app = lab.guest(WEB), lab.guest(APP)
    theirs = {"spec": {"vmid": ours["vmid"], "cores": 8}}
    adopting = {"spec": {"vmid": app["vmid"], "cores": 8}, "policy": {"adopt": True, "drift": "enforce"}}
    with neighbour(
        lab,
        tmp_path / "work",
        web01=theirs,
        taken=adopting,
        own01={"spec": {"node": "pve1", "memory": "512MiB"}},
    ) as work:
        rows = work.settled()
        for key, vmid, whose in (
            ("VirtualMachine/web01", ours["vmid"], WEB),
            ("VirtualMachine/taken", app["vmid"], APP),
        ):
            (hold,) = rows[key]["holds"]
            assert hold["why"] == f"{vmid} belongs to {whose} of estate lab"
            assert "let estate lab let go of it first" in hold["release"]
        made = next(guest for guest in lab.guests() if guest["name"] == "own01")
        assert rows["VirtualMachine/own01"]["outcome"] == "Done"
        assert f"setpoint: work default/VirtualMachine/own01 vmid={made['vmid']}" in made["description"]

        lab.write("legacy/theirs.yaml", _declaration("theirs", made["vmid"], adopt=True))
        lab.followed(lab.push("Take what is not ours"))
        (hold,) = held(lab, "VirtualMachine/theirs")
        assert hold["why"] == f"{made['vmid']} belongs to VirtualMachine/own01 of estate work"
        lab.call("resync", "--all", "--wait")
        assert lab.row(WEB)["outcome"] == "Done"
        refused = lab.call("adopt", f"lab/{made['vmid']}", "--name", "mine")
        assert refused.returncode == 1

    now = {guest["vmid"]: guest for guest in lab.guests()}
    for guest in (ours, app, made):
        assert now[guest["vmid"]]["digest"] == guest["digest"]
    lab.write("legacy/theirs.yaml", None)
    lab.followed(lab.push("Leave it"))


def test_a_clone_with_a_copied_mark_is_nobodys_and_never_taken_for_the_original(lab: Rig) -> None:
    guest = lab.guest(WEB)
    lab.ask("POST", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/clone", newid=300, name="copy01", full=1)
    until(lambda: any(g["vmid"] == 300 and "lock" not in g for g in lab.guests()), "the clone is there")
    copy = next(g for g in lab.guests() if g["vmid"] == 300)
    assert f"vmid={guest['vmid']}" in copy["description"]

    lab.write("legacy/copy01.yaml", _declaration("copy01", 300, adopt=True))
    lab.followed(lab.push("Declare the copy"))

    (hold,) = held(lab, "VirtualMachine/copy01")
    assert hold["why"] == (
        f"300 is a copy of {guest['vmid']}, for it bears the mark of that: {WEB} of estate lab"
    )
    refused = lab.call("adopt", "lab/300", "--name", "mine")
    assert "300 of ProxmoxCluster/lab is declared already: VirtualMachine/copy01" in refused.stderr
    assert answered(lab, WEB)["outcome"] == "Done"
    assert next(g for g in lab.guests() if g["vmid"] == 300)["digest"] == copy["digest"]


def _declaration(name: str, vmid: int, **policy: Any) -> str:
    manifest = {
        "kind": "VirtualMachine", "metadata": {"name": name}, "policy": policy, "spec": {"vmid": vmid, "cores": 4},
    }  # fmt: skip
    return yaml.safe_dump(manifest)
