"""Deletion as stories of those who run it: taken back in time, a wave that waits for a person, and one let go of."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.e2e.rig import Rig
from tests.rig.waiting import until

pytestmark = pytest.mark.integration

WEB = "VirtualMachine/web02"
SCRATCH = [f"VirtualMachine/scratch{number}" for number in range(4)]
MANIFEST = "kind: VirtualMachine\nmetadata: {name: scratch%d}\npolicy: {deletion: delete, grace: 0s}\nspec: {description: number %d}\n"


def departed(lab: Rig, key: str) -> dict[str, Any]:
    return next((row for row in lab.status()["deletions"] if row["key"] == key), {})


def destroyed(lab: Rig) -> list[str]:
    return [call for call in lab.writes() if call.startswith("DELETE")]


def test_anna_removes_the_wrong_machine_and_gets_it_back(lab: Rig) -> None:
    lab.edit("prod/web02.yaml", "kind: VirtualMachine", "kind: VirtualMachine\npolicy: {deletion: delete}")
    lab.followed(lab.push("May be deleted"))
    before = lab.guest(WEB)
    lab.write("prod/web02.yaml", None)
    lab.push("Remove the old web server")

    row = until(lambda: departed(lab, WEB).get("phase") == "waiting" and departed(lab, WEB), "it is stopped")
    assert f"setpoint undelete {WEB}" in row["sentence"]
    assert [hold["releasedBy"] for hold in row["holds"]] == ["time"]
    assert lab.call("status").returncode == 2, "it ends by itself"

    said = lab.call("undelete", WEB)
    assert (said.returncode, f"{WEB} is kept." in said.stderr) == (0, True)
    manifest = yaml.safe_load(said.stdout)
    assert manifest["spec"]["disks"] == {"scsi0": {"storage": "local-zfs", "size": "4GiB"}}
    assert departed(lab, WEB) == {}

    lab.write("prod/web02.yaml", said.stdout)
    lab.followed(lab.push("It was the wrong one"))
    lab.in_sync()
    after = lab.guest(WEB)
    same = ("vmid", "smbios1", "scsi0", "net0", "cores", "memory")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert destroyed(lab) == []
    kinds = [event["kind"] for event in lab.told("history", WEB)["events"]]
    assert "undeleted" in kinds


def test_a_wave_waits_until_somebody_says_that_just_these_are_meant(lab: Rig) -> None:
    for number in range(4):
        lab.write(f"scratch{number}.yaml", MANIFEST % (number, number))
    lab.followed(lab.push("To play with"))
    lab.in_sync(set(SCRATCH))
    for number in range(4):
        lab.write(f"scratch{number}.yaml", None)
    lab.push("Enough")

    (held,) = until(lambda: lab.status()["heldSets"], "they are held")
    assert (held["keys"], held["allowed"]) == (SCRATCH, 3)
    assert lab.call("status").returncode == 3
    plan = lab.told("plan")
    rows = {row["key"]: row for row in plan["resources"] if row["departed"]}
    assert set(rows) == set(SCRATCH)
    rules = {hold["rule"] for row in rows.values() for step in row["steps"] for hold in step["holds"]}
    assert rules == {"DeletionLimit"}
    assert destroyed(lab) == []

    assert lab.call("approve", held["token"]).returncode == 0
    until(lambda: len(destroyed(lab)) == 4 and not lab.status()["deletions"], "they are gone")
    assert not any(lab.guest(key) for key in SCRATCH)


def test_one_that_is_protected_is_let_go_of(lab: Rig) -> None:
    lab.write("scratch0.yaml", MANIFEST % (0, 0))
    lab.followed(lab.push("To play with"))
    lab.in_sync({SCRATCH[0]})
    place = lab.guest(SCRATCH[0])
    lab.ask("PUT", f"/nodes/{place['node']}/qemu/{place['vmid']}/config", protection=1)
    before = len(destroyed(lab))
    lab.write("scratch0.yaml", None)
    lab.push("Enough")

    until(lambda: "is protected" in departed(lab, SCRATCH[0]).get("sentence", ""), "it is held")
    assert lab.call("forget", SCRATCH[0]).returncode == 0
    status = lab.status()
    assert SCRATCH[0] not in [row["key"] for row in (*status["deletions"], *status["released"])]
    assert lab.guest(SCRATCH[0])
    assert len(destroyed(lab)) == before
