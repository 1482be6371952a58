"""Guests that are kept available, with the real daemon against the emulated API and its manager in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.decide.diff import diff
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.plan import Disruption
from setpoint_proxmox.kinds import ha_resource, ha_rule
from setpoint_proxmox.kinds.ha_resource.plan import remove as remove_resource
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_resource.state import HaState
from setpoint_proxmox.kinds.ha_resource.state import problems as ha_problems
from setpoint_proxmox.kinds.ha_rule.plan import remove as remove_rule
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.ha_rule.state import RuleState
from setpoint_proxmox.mark import parse_inline, with_inline
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest, vm
from tests.systems.proxmox.drive import ROLES, Lab, world
from tests.systems.proxmox.made import facts

RESOURCE, RULE, MACHINE = "HaResource/web01", "HaRule/apart", "VirtualMachine/web01"
POSTED, PUT, DELETED = (
    "POST /cluster/ha/resources",
    "PUT /cluster/ha/resources/vm:1000",
    "DELETE /cluster/ha/resources/vm:1000",
)
ROLE = {"roleid": "Ha", "privs": "Sys.Audit,Sys.Console"}
OWNER = Owner("home", Key("default", "HaResource", "web01"), None)
RULER = Owner("home", Key("default", "HaRule", "apart"), None)
DISKS = {"scsi0": {"storage": "local-zfs", "size": "4GiB"}}
WEB: dict[str, Any] = {"node": "pve1", "vmid": 1000, "disks": DISKS}
DB: dict[str, Any] = {"node": "pve1", "vmid": 1001, "disks": DISKS}
STARTED: dict[str, Any] = {"virtualMachine": "web01", "state": "started"}


@pytest.fixture
def lab(emulator: str) -> Lab:
    lab = Lab(emulator)
    lab.begin(world({**ROLES, "/": "Ha"}, roles=[ROLE]))
    return lab


def resource(spec: Mapping[str, Any] = STARTED, name: str = "web01", **policy: Any) -> dict[str, str]:
    return {f"ha-{name}.yaml": manifest("HaResource", name, spec, **policy)}


def rule(spec: Mapping[str, Any], **policy: Any) -> dict[str, str]:
    return {"rule.yaml": manifest("HaRule", "apart", spec, **policy)}


def machine(spec: Mapping[str, Any] = WEB, name: str = "web01", **policy: Any) -> dict[str, str]:
    return {f"{name}.yaml": vm(name, spec, **policy)}


def daemon(lab: Lab, folder: Path, *files: Mapping[str, str]) -> VirtualDaemon:
    everything = {path: text for some in files for path, text in some.items()}
    return VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **everything})


def writes(lab: Lab, word: str = "ha/resources") -> list[str]:
    return [one for one in lab.writes() if word in one]


def seen(lab: Lab, sid: str = "vm:1000") -> dict[str, Any]:
    found: dict[str, Any] = lab.api("GET", f"cluster/ha/resources/{sid}")
    return found


def power(lab: Lab, vmid: int = 1000) -> str:
    return str(lab.api("GET", f"nodes/pve1/qemu/{vmid}/status/current")["status"])


async def done(running: Running, *names: str, seconds: float = 120.0) -> None:
    await asyncio.sleep(seconds)
    for name in names:
        assert running.status(name).outcome == "Done", running.status(name).sentence


def test_it_is_made_with_our_mark_once_its_guest_is_there_and_then_left_alone(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE, MACHINE, seconds=7200)
        await running.look_again()

    life = daemon(lab, tmp_path, machine(), resource({**STARTED, "maxRestart": 3, "comment": "for all"}))
    life.run(script)
    life.run(script)
    assert writes(lab) == [POSTED]
    assert (seen(lab)["max_restart"], power(lab)) == (3, "running")
    assert parse_inline(seen(lab)["comment"], "sid") == OWNER.mark("vm:1000")
    assert seen(lab)["comment"].startswith("for all [")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "stopped"},
        {"state": "disabled"},
        {"state": "ignored"},
        {"maxRestart": 0},
        {"maxRelocate": 4},
        {"failback": False},
        {"comment": "other"},
    ],
    ids=str,
)
def test_every_field_is_changed_by_one_write_there_and_back(
    lab: Lab, tmp_path: Path, change: dict[str, Any]
) -> None:
    full = {**STARTED, "maxRestart": 2, "maxRelocate": 2, "failback": True, "comment": "one"}

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(resource({**full, **change}))
        await done(running, RESOURCE)
        await running.look_again()
        assert writes(lab) == [POSTED, PUT]
        await running.declare(resource(full))
        await done(running, RESOURCE)

    daemon(lab, tmp_path, machine(), resource(full)).run(script)
    assert writes(lab) == [POSTED, PUT, PUT]


def test_what_somebody_changed_by_hand_is_brought_back_and_what_is_not_declared_stays(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("PUT", "cluster/ha/resources/vm:1000", state="stopped", max_relocate=7)
        await done(running, RESOURCE, seconds=1800)

    daemon(lab, tmp_path, machine(), resource()).run(script)
    assert (seen(lab)["state"], seen(lab)["max_relocate"]) == ("started", 7)


@pytest.mark.parametrize(("wanted", "declared"), [("started", "stopped"), ("stopped", "running")])
def test_a_power_that_says_something_else_is_told_and_not_fought_over(
    lab: Lab, tmp_path: Path, wanted: str, declared: str
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE)
        calls = len(lab.writes())
        await asyncio.sleep(7200)
        status = running.status(MACHINE)
        assert [hold.rule for hold in status.holds] == [Rule.IMPOSSIBLE]
        assert f"is kept {wanted} by HaResource/web01, and power: {declared}" in status.sentence
        assert len(lab.writes()) == calls
        await done(running, RESOURCE)
        # Either of them can be corrected, whichever was meant.
        await running.declare(resource({**STARTED, "state": "started" if wanted == "stopped" else "stopped"}))
        await done(running, RESOURCE, MACHINE, seconds=1800)

    files = machine({**WEB, "power": declared}), resource({**STARTED, "state": wanted})
    daemon(lab, tmp_path, *files).run(script)
    assert power(lab) == ("running" if wanted == "stopped" else "stopped")


def test_a_power_that_agrees_is_left_to_the_manager(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE, MACHINE)
        starts = len([one for one in lab.writes() if "status/start" in one])
        lab.happen("guest_dies", vmid=1000)
        await done(running, RESOURCE, MACHINE, seconds=1800)
        assert len([one for one in lab.writes() if "status/start" in one]) == starts

    daemon(lab, tmp_path, machine({**WEB, "power": "running"}), resource()).run(script)
    assert power(lab) == "running"


def test_a_resource_that_is_not_declared_leaves_the_power_to_its_guest(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "cluster/ha/resources", sid="vm:1000", state="stopped")
        await done(running, MACHINE, seconds=1800)

    daemon(lab, tmp_path, machine({**WEB, "power": "running"})).run(script)
    assert (power(lab), seen(lab)["state"]) == ("running", "started")


@pytest.mark.parametrize("adopt", [False, True])
def test_a_resource_of_somebody_else_is_taken_over_only_when_that_is_declared(
    lab: Lab, tmp_path: Path, *, adopt: bool
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "cluster/ha/resources", sid="vm:1000", comment="by hand")
        await running.declare(resource(STARTED, **({"adopt": True} if adopt else {})))
        await asyncio.sleep(120)
        assert [hold.rule for hold in running.status(RESOURCE).holds] == ([] if adopt else [Rule.EXISTS])

    daemon(lab, tmp_path, machine()).run(script)
    assert seen(lab)["comment"].startswith("by hand")
    assert (parse_inline(seen(lab)["comment"], "sid") is not None) is adopt


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("status", [0, 502, 596], ids=["dropped", "gateway", "timeout"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_lost_answer_does_nothing_twice(
    lab: Lab, tmp_path: Path, method: str, status: int, *, executed: bool
) -> None:
    lab.happen("reply_lost", method=method, path="ha/resources", status=status, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(resource({**STARTED, "maxRestart": 5}))
        await done(running, RESOURCE)
        assert seen(lab)["max_restart"] == 5
        await running.declare({"ha-web01.yaml": None})
        await asyncio.sleep(1200)

    daemon(lab, tmp_path, machine(), resource()).run(script)
    assert lab.api("GET", "cluster/ha/resources") == []
    assert writes(lab) == [POSTED, PUT, DELETED]


def test_without_its_database_it_is_known_by_its_mark(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE)

    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        daemon(lab, folder, machine(), resource()).run(script)
    assert writes(lab) == [POSTED]


def test_the_guest_goes_after_its_resource_and_a_resource_goes_without_its_guest(
    lab: Lab, tmp_path: Path
) -> None:
    gone = {"deletion": "delete", "grace": "0s"}

    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE, MACHINE)
        await running.declare({"ha-web01.yaml": None, "web01.yaml": None})
        await asyncio.sleep(3600)

    daemon(lab, tmp_path, machine(WEB, **gone), resource()).run(script)
    assert lab.api("GET", "cluster/ha/resources") == []
    assert lab.api("GET", "nodes/pve1/qemu") == []
    deletes = [one for one in lab.writes() if one.startswith("DELETE")]
    assert deletes == [DELETED, "DELETE /nodes/pve1/qemu/1000"]


def test_rules_of_somebody_else_keep_what_they_name(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RESOURCE)
        lab.api(
            "POST", "cluster/ha/rules", rule="theirs", type="node-affinity", resources="vm:1000", nodes="pve1"
        )
        await running.declare({"ha-web01.yaml": None})
        await asyncio.sleep(1200)

    daemon(lab, tmp_path, machine(), resource()).run(script)
    assert [row["resources"] for row in lab.api("GET", "cluster/ha/rules")] == ["vm:1000"]


TOGETHER: dict[str, Any] = {"resources": ["web01", "db01"], "affinity": "positive"}
ON_NODES: dict[str, Any] = {
    "resources": ["web01"],
    "nodes": {"pve1": 2, "pve2": 0},
    "strict": True,
    "comment": "one",
}
BOTH = (
    machine(),
    machine(DB, "db01"),
    resource(),
    resource({"virtualMachine": "db01", "state": "stopped"}, "db01"),
)
RULED = "PUT /cluster/ha/rules/apart"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (TOGETHER, {**TOGETHER, "affinity": "negative"}),
        (TOGETHER, {**TOGETHER, "enabled": False}),
        (ON_NODES, {**ON_NODES, "nodes": {"pve2": 1}}),
        (ON_NODES, {**ON_NODES, "strict": False}),
        (ON_NODES, {**ON_NODES, "resources": ["db01", "vm:1000"]}),
        (ON_NODES, {**ON_NODES, "comment": "two"}),
    ],
    ids=["affinity", "enabled", "nodes", "strict", "resources", "comment"],
)
def test_a_rule_is_made_changed_and_left_alone(
    lab: Lab, tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RULE, seconds=3600)
        assert writes(lab, "ha/rules") == ["POST /cluster/ha/rules"]
        await running.declare(rule(second))
        await done(running, RULE, seconds=3600)
        await running.look_again()

    life = daemon(lab, tmp_path, *BOTH, rule(first))
    life.run(script)
    assert writes(lab, "ha/rules") == ["POST /cluster/ha/rules", RULED]
    (row,) = lab.api("GET", "cluster/ha/rules")
    assert parse_inline(row["comment"], "rule") == RULER.mark("apart")


def test_the_type_of_a_rule_is_not_changed_and_that_is_told(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await done(running, RULE)
        await running.declare(rule(ON_NODES))
        await asyncio.sleep(1800)
        (hold,) = running.status(RULE).holds
        assert "give the new one another name" in hold.release

    daemon(lab, tmp_path, *BOTH, rule(TOGETHER)).run(script)
    assert writes(lab, "ha/rules") == ["POST /cluster/ha/rules"]


@pytest.mark.parametrize("executed", [False, True], ids=["not executed", "executed"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_lost_answer_about_a_rule_does_nothing_twice(
    lab: Lab, tmp_path: Path, method: str, *, executed: bool
) -> None:
    lab.happen("reply_lost", method=method, path="ha/rules", status=596, executed=executed, count=1)

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(rule({**TOGETHER, "enabled": False}))
        await done(running, RULE)
        await running.declare({"rule.yaml": None, "ha-web01.yaml": None, "ha-db01.yaml": None})
        await asyncio.sleep(1800)

    daemon(lab, tmp_path, *BOTH, rule(TOGETHER)).run(script)
    assert lab.api("GET", "cluster/ha/rules") == []
    assert lab.api("GET", "cluster/ha/resources") == []
    assert writes(lab, "ha/rules") == ["POST /cluster/ha/rules", RULED, "DELETE /cluster/ha/rules/apart"]
    after = lab.writes().index("DELETE /cluster/ha/rules/apart")
    assert after < lab.writes().index(DELETED)


def test_before_version_nine_there_are_no_rules_to_remove_from() -> None:
    state = HaState("vm:100", {"comment": with_inline("", OWNER.mark("vm:100"), "sid")})
    (step,) = remove_resource(OWNER, state, facts())
    assert step.arguments == {"sid": "vm:100", "rules": True}
    assert step.disruption is Disruption.DESTROY


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "by hand",
        with_inline("", Mark("other", OWNER.key, "vm:100"), "sid"),
        with_inline("", OWNER.mark("vm:101"), "sid"),
    ],
    ids=["no comment", "no mark", "another estate's", "a copy"],
)
def test_without_our_mark_nothing_is_removed(comment: str) -> None:
    (step,) = remove_resource(OWNER, HaState("vm:100", {"comment": comment}), facts())
    assert step.obstacle is not None
    (step,) = remove_rule(RULER, RuleState("apart", {"comment": comment}, {}), facts())
    assert step.obstacle is not None


@pytest.mark.parametrize(
    ("row", "declared"),
    [
        ({}, {"state": "started", "maxRestart": 1, "maxRelocate": 1, "failback": True}),
        ({"state": "enabled"}, {"state": "started"}),
        ({"max_restart": "3", "failback": 0}, {"state": "started", "maxRestart": 3, "failback": False}),
        ({"comment": " x "}, {"state": "started", "comment": "x"}),
    ],
)
def test_however_proxmox_tells_a_resource_it_is_no_difference(
    row: dict[str, Any], declared: dict[str, Any]
) -> None:
    spec = HaResourceSpec.model_validate({"sid": "vm:100", **declared})
    kind = ha_resource.KIND
    seen_now = kind.project(HaState("vm:100", row))
    assert diff(kind.declare(spec), seen_now, kind.treatments, applied=None).changes == ()


@pytest.mark.parametrize(
    ("row", "declared"),
    [
        (
            {"resources": "vm:101;vm:100", "nodes": "pve2,pve1:2"},
            {"resources": ["vm:100", "vm:101"], "nodes": {"pve1": 2, "pve2": 0}},
        ),
        (
            {"resources": "vm:100", "nodes": "a", "strict": 1, "disable": 1},
            {"resources": ["web01"], "nodes": {"a": 0}, "strict": True, "enabled": False},
        ),
        (
            {"resources": "vm:100,ct:5000", "affinity": "negative"},
            {"resources": ["ct:5000", "web01"], "affinity": "negative", "enabled": True},
        ),
    ],
    ids=["order and priorities", "flags", "affinity"],
)
def test_however_proxmox_tells_a_rule_it_is_no_difference(
    row: dict[str, Any], declared: dict[str, Any]
) -> None:
    kind = ha_rule.KIND
    names = {"vm:100": "web01"} if "web01" in declared["resources"] else {}
    seen_now = kind.project(RuleState("apart", row, names))
    found = diff(kind.declare(HaRuleSpec.model_validate(declared)), seen_now, kind.treatments, applied=None)
    assert found.changes == ()


def test_a_resource_that_the_manager_gave_up_is_told() -> None:
    (problem,) = ha_problems(HaState("vm:100", {}, "error", "pve1"))
    assert "gave vm:100 up on pve1" in problem.message
    assert ha_problems(HaState("vm:100", {}, "started", "pve1")) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "started"}, "one guest is meant"),
        ({"state": "started", "sid": "vm:100", "container": "a"}, "one guest is meant"),
        ({"sid": "vm:100"}, "state"),
        ({"sid": "100", "state": "started"}, "sid"),
        ({"sid": "vm:100", "state": "on"}, "state"),
        ({"sid": "vm:100", "state": "started", "comment": "a\nb"}, "one line"),
        ({"sid": "vm:100", "state": "started", "comment": "[setpoint: x]"}, "written by Setpoint itself"),
    ],
)
def test_a_resource_that_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        HaResourceSpec.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"resources": ["a"]}, "about nodes or about affinity"),
        (
            {"resources": ["a", "b"], "nodes": {"p": 1}, "affinity": "positive"},
            "about nodes or about affinity",
        ),
        ({"resources": ["a", "b"], "affinity": "positive", "strict": True}, "only a rule about nodes"),
        ({"resources": ["a", "a"], "affinity": "positive"}, "two resources at least"),
        ({"resources": [], "nodes": {"p": 1}}, "resources"),
        ({"resources": ["a"], "nodes": {"p": -1}}, "nodes"),
        ({"resources": ["a"], "nodes": {"p,q": 1}}, "nodes"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        HaRuleSpec.model_validate(fields)
