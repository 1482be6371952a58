"""Security groups of the cluster's firewall, with the real daemon against the emulated API in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.hold import Rule
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest, vm
from tests.systems.proxmox.drive import ROLES, Lab

NAME = "Firewall/all"
PATH = "cluster/firewall"
GROUPS = f"{PATH}/groups"
GRANTED = {**ROLES, "/": "Administrator"}
HTTP = {"action": "ACCEPT", "protocol": "tcp", "port": "80,443"}
SSH = {"action": "ACCEPT", "macro": "SSH", "source": "+office"}
OFFICE = {"office": {"members": [{"address": "10.1.0.0/24"}]}}
SPEC: dict[str, Any] = {
    "cluster": True,
    "ipsets": OFFICE,
    "groups": {"web": {"comment": "who serves pages", "rules": [HTTP, SSH]}, "none": {}},
    "rules": [{"group": "web"}],
}


def firewall(spec: dict[str, Any] = SPEC) -> str:
    return manifest("Firewall", "all", spec)


def declared(lab: Lab, folder: Path) -> VirtualDaemon:
    files = {
        "lab.yaml": cluster(lab.url),
        "vm.yaml": vm("web01", {"node": "pve1"}),
        "fw.yaml": firewall(),
    }
    return VirtualDaemon(lab.url, folder, files)


def groups(lab: Lab) -> dict[str, str | None]:
    return {row["group"]: row.get("comment") for row in lab.api("GET", GROUPS)}


def inside(lab: Lab, name: str = "web") -> list[tuple[Any, ...]]:
    rows = lab.api("GET", f"{GROUPS}/{name}")
    return [(row["type"], row["action"], row.get("dport", row.get("macro")), row["enable"]) for row in rows]


MADE = [("in", "ACCEPT", "443,80", 1), ("in", "ACCEPT", "SSH", 1)]


async def done(running: Running) -> None:
    await running.settle(running.now())
    assert running.status(NAME).outcome == "Done", running.status(NAME)


async def change(running: Running, **changed: Any) -> None:
    await running.declare({"fw.yaml": firewall({**SPEC, **changed})})
    await done(running)


def test_they_are_made_before_the_rules_that_name_them_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME)
        before = lab.writes()
        await asyncio.sleep(3600)
        await running.look_again()
        assert lab.writes() == before

    declared(lab, tmp_path).run(script)
    assert groups(lab) == {"web": "who serves pages", "none": None}
    assert (inside(lab), inside(lab, "none")) == (MADE, [])
    assert [(row["type"], row["action"]) for row in lab.api("GET", f"{PATH}/rules")] == [("group", "web")]


def test_one_is_changed_and_what_somebody_did_to_it_is_brought_back(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", f"{GROUPS}/web/1", enable=0)
        lab.api("POST", f"{GROUPS}/web", type="in", action="ACCEPT", enable=1)
        lab.api("POST", GROUPS, group="web", rename="web", comment="mine")
        lab.api("POST", GROUPS, group="theirs")
        await asyncio.sleep(1800)
        await done(running)
        assert (inside(lab), groups(lab)["web"]) == (MADE, "who serves pages")
        await change(
            running, groups={"web": {"comment": "pages", "rules": [SSH, {**HTTP, "enabled": False}]}}
        )

    declared(lab, tmp_path).run(script)
    assert inside(lab) == [("in", "ACCEPT", "SSH", 1), ("in", "ACCEPT", "443,80", 0)]
    assert groups(lab) == {"web": "pages", "theirs": None}, "one that nobody declared stays"


def test_one_that_is_declared_no_more_goes_after_the_rules_that_name_it_and_before_what_it_names(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", GROUPS, group="theirs")
        await change(running, groups={}, rules=[], ipsets={})

    declared(lab, tmp_path).run(script)
    assert groups(lab) == {"theirs": None}
    gone = [line.split()[1].rpartition(PATH)[2] for line in lab.writes() if line.startswith("DELETE")]
    places = [gone.index(end) for end in ("/rules/0", "/groups/web/0", "/groups/web", "/ipset/office")]
    assert places == sorted(places), gone


def test_one_of_the_same_name_that_somebody_made_becomes_what_is_declared(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", GROUPS, group="db", comment="by hand")
        lab.api("POST", f"{GROUPS}/db", type="in", action="DROP", enable=1)
        await change(running, groups={**SPEC["groups"], "db": {"rules": [HTTP]}})

    declared(lab, tmp_path).run(script)
    assert inside(lab, "db") == MADE[:1]
    assert groups(lab)["db"] == "by hand", "no comment is declared"


def test_one_that_its_own_rules_still_name_is_held(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"fw.yaml": firewall({**SPEC, "groups": {}, "ipsets": {}})})
        await running.settle(running.now())
        holds = running.status(NAME).holds
        assert [hold.rule for hold in holds] == [Rule.IMPOSSIBLE]
        assert "name what is declared no more: web" in holds[0].why

    declared(lab, tmp_path).run(script)
    assert inside(lab) == MADE
    assert "office" in {row["name"] for row in lab.api("GET", f"{PATH}/ipset")}, "its rules name the set"


@pytest.mark.parametrize("user", ["nodes/pve1/qemu/1000/firewall", "nodes/pve2/firewall"])
def test_one_that_another_firewall_names_is_not_even_emptied(lab: Lab, tmp_path: Path, user: str) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", f"{user}/rules", type="group", action="web", enable=0)
        await running.declare({"fw.yaml": firewall({**SPEC, "groups": {}, "rules": []})})
        await asyncio.sleep(900)
        assert running.status(NAME).outcome != "Done"
        assert inside(lab) == MADE
        lab.api("DELETE", f"{user}/rules/0")
        await asyncio.sleep(3600)
        await done(running)

    declared(lab, tmp_path).run(script)
    assert groups(lab) == {}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("status", [0, 596])
@pytest.mark.parametrize(
    "call",
    [
        ("POST", ""),
        ("POST", "/web"),
        ("PUT", "/web/0"),
        ("DELETE", "/web/1"),
        ("DELETE", "/web/0"),
        ("DELETE", "/web"),
    ],
    ids=" ".join,
)
def test_a_lost_answer_makes_nothing_twice_and_leaves_nothing(
    lab: Lab, tmp_path: Path, call: tuple[str, str], status: int, moment: str
) -> None:
    path = f"/{GROUPS}{call[1]}"
    lab.happen("reply_lost", method=call[0], path=path, status=status, executed=moment == "after", count=1)

    async def script(running: Running) -> None:
        await running.settle()
        await done(running)
        assert (inside(lab), set(groups(lab))) == (MADE, {"web", "none"})
        await change(running, groups={}, rules=[])

    declared(lab, tmp_path).run(script)
    assert groups(lab) == {}
