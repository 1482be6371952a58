"""Pools, with the real daemon against the emulated API in virtual time, and the pure rules of their removal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.hold import Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.plan import Disruption
from setpoint_proxmox.kinds.pool.plan import remove
from setpoint_proxmox.kinds.pool.state import PoolState
from setpoint_proxmox.mark import with_mark
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import ROLES, Lab
from tests.systems.proxmox.made import facts

NAME = "Pool/customers"
MINE = Owner("home", Key("default", "Pool", "customers"), None)
MARKED = with_mark("what is paid for", MINE.mark("customers"), "pool")
STATE = PoolState("customers", MARKED, (), ())
GRANTED = {**ROLES, "/pool": "PVEPoolAdmin", "/storage": "PVEDatastoreAdmin"}
SPEC: dict[str, Any] = {"comment": "what is paid for", "storages": ["local-zfs", "local"]}


def declared(lab: Lab, folder: Path, spec: dict[str, Any] = SPEC, **policy: Any) -> VirtualDaemon:
    files = {"lab.yaml": cluster(lab.url), "pool.yaml": pool(spec, **policy)}
    return VirtualDaemon(lab.url, folder, files)


def pool(spec: dict[str, Any] = SPEC, **policy: Any) -> str:
    return manifest("Pool", "customers", spec, **policy)


def seen(lab: Lab, poolid: str = "customers") -> dict[str, Any]:
    (row,) = lab.api("GET", f"pools?poolid={poolid}")
    found: dict[str, Any] = row
    return found


def storages(lab: Lab) -> list[str]:
    return sorted(row["storage"] for row in seen(lab)["members"] if row["type"] == "storage")


def test_it_is_made_with_mark_and_storages_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"
        assert lab.writes() == ["POST /pools", "PUT /pools"]
        await asyncio.sleep(3600)
        await running.look_again()
        assert lab.writes() == ["POST /pools", "PUT /pools"]

    declared(lab, tmp_path).run(script)
    assert seen(lab)["comment"] == MARKED
    assert storages(lab) == ["local", "local-zfs"]


def test_what_somebody_changed_by_hand_is_brought_back(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "pools", poolid="customers", comment=MARKED.replace("paid", "owed"))
        lab.api("PUT", "pools", poolid="customers", storage="local", delete=1)
        await asyncio.sleep(1800)
        await running.settle()
        assert (seen(lab)["comment"], storages(lab)) == (MARKED, ["local", "local-zfs"])

    declared(lab, tmp_path).run(script)


def test_what_is_not_declared_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "pools", poolid="customers", storage="local")
        await running.look_again()
        assert running.status(NAME).outcome == "Done"
        assert storages(lab) == ["local"]

    declared(lab, tmp_path, {"comment": "mine"}).run(script)


@pytest.mark.parametrize("adopt", [False, True])
def test_a_pool_of_somebody_else_is_taken_over_only_when_that_is_declared(
    lab: Lab, tmp_path: Path, *, adopt: bool
) -> None:
    lab.api("POST", "pools", poolid="customers", comment="what is paid for")

    async def script(running: Running) -> None:
        await running.settle()
        status = running.status(NAME)
        assert [hold.rule for hold in status.holds] == ([] if adopt else [Rule.EXISTS])

    declared(lab, tmp_path, {"comment": "what is paid for"}, **({"adopt": True} if adopt else {})).run(script)
    assert seen(lab)["comment"] == (MARKED if adopt else "what is paid for")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_answer_makes_nothing_twice(lab: Lab, tmp_path: Path, moment: str) -> None:
    lab.happen("reply_lost", method="POST", path="/pools", status=0, executed=moment == "after", count=1)

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    declared(lab, tmp_path).run(script)
    assert [row["poolid"] for row in lab.api("GET", "pools")] == ["customers"]
    assert lab.writes().count("POST /pools") == 1


def test_one_that_is_declared_no_more_is_emptied_of_storages_and_removed(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"pool.yaml": None})
        await asyncio.sleep(900)

    declared(lab, tmp_path).run(script)
    assert lab.api("GET", "pools") == []
    assert lab.writes()[2:] == ["PUT /pools", "DELETE /pools"]


def test_a_restart_without_its_database_knows_it_by_its_mark(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        declared(lab, folder).run(script)
    assert lab.writes() == ["POST /pools", "PUT /pools"]


def test_guests_in_it_keep_it() -> None:
    (step,) = remove(MINE, replace(STATE, guests=(101, 102)), facts())
    assert step.obstacle is not None
    assert step.obstacle.why == "pool customers still holds the guests 101, 102"


@pytest.mark.parametrize(
    "comment",
    ["", "what is paid for", with_mark("", Mark("other", MINE.key, "customers"), "pool")],
    ids=["no comment", "no mark", "another estate's"],
)
def test_without_our_mark_it_is_not_removed(comment: str) -> None:
    (step,) = remove(MINE, replace(STATE, comment=comment), facts())
    assert step.obstacle is not None
    assert "does not bear the mark" in step.obstacle.why


def test_every_step_of_a_removal_counts_as_one() -> None:
    steps = remove(MINE, replace(STATE, storages=("local",)), facts())
    assert [(step.verb, step.disruption) for step in steps] == [
        ("enroll", Disruption.DESTROY),
        ("destroy", Disruption.DESTROY),
    ]
