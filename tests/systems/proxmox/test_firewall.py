"""Firewalls, with the real daemon against the emulated API in virtual time, and the pure rules of their edits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.model.hold import Rule
from setpoint.model.tree import Tree
from setpoint_proxmox.kinds.firewall.edits import Delete, Insert, Move, Switch, next_edit
from setpoint_proxmox.kinds.firewall.options import sent_rule, shown_rule, written_rule
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest, vm
from tests.systems.proxmox.drive import ROLES, Lab

NAME = "Firewall/web01"
PATH = "nodes/pve1/qemu/1000/firewall"
MARK = "setpoint: home default/Firewall/web01 firewall=vm/1000"
GRANTED = {**ROLES, "/": "Administrator"}
SPEC: dict[str, Any] = {
    "virtualMachine": "web01",
    "enabled": True,
    "policyIn": "DROP",
    "ipsets": {
        "office": {"members": [{"address": "10.1.0.0/24"}, {"address": "10.1.0.66", "excluded": True}]}
    },
    "aliases": {"proxy": {"address": "10.2.0.1", "comment": "in front"}},
    "rules": [
        {"action": "ACCEPT", "protocol": "tcp", "port": "80,443", "source": "proxy"},
        {
            "action": "ACCEPT",
            "macro": "SSH",
            "source": "+office",
            "log": "info",
            "comment": "from the office",
        },
        {"direction": "out", "action": "DROP", "dest": "192.0.2.0/24", "enabled": False},
    ],
}
OPEN = {"cluster": True, "rules": [{"action": "ACCEPT", "protocol": "tcp", "port": "8000:8100"}]}


def firewall(spec: dict[str, Any] = SPEC, name: str = "web01", **policy: Any) -> str:
    return manifest("Firewall", name, spec, **policy)


def declared(lab: Lab, folder: Path, spec: dict[str, Any] = SPEC, **policy: Any) -> VirtualDaemon:
    files = {
        "lab.yaml": cluster(lab.url),
        "vm.yaml": vm("web01", {"node": "pve1"}),
        "fw.yaml": firewall(spec, **policy),
    }
    return VirtualDaemon(lab.url, folder, files)


def rules(lab: Lab, path: str = PATH) -> list[dict[str, Any]]:
    rows = lab.api("GET", f"{path}/rules")
    return [{k: v for k, v in row.items() if k not in ("pos", "digest", "ipversion")} for row in rows]


def writes(lab: Lab) -> list[str]:
    return [line for line in lab.writes() if "/firewall" in line]


async def rest(running: Running) -> None:
    await running.settle(running.now())


def test_it_is_made_with_its_mark_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME)
        before = lab.writes()
        await asyncio.sleep(3600)
        await running.look_again()
        assert lab.writes() == before

    declared(lab, tmp_path).run(script)
    assert rules(lab) == [
        {"type": "in", "action": "ACCEPT", "enable": 1, "proto": "tcp", "dport": "443,80", "source": "proxy"},
        {
            "type": "in",
            "action": "ACCEPT",
            "enable": 1,
            "macro": "SSH",
            "source": "+office",
            "log": "info",
            "comment": "from the office",
        },
        {"type": "out", "action": "DROP", "enable": 0, "dest": "192.0.2.0/24"},
    ]
    sets = {row["name"]: row.get("comment") for row in lab.api("GET", f"{PATH}/ipset")}
    assert sets == {"setpoint": MARK, "office": None}
    assert {row["cidr"] for row in lab.api("GET", f"{PATH}/ipset/office")} == {"10.1.0.0/24", "10.1.0.66"}
    options = lab.api("GET", f"{PATH}/options")
    assert (options["enable"], options["policy_in"]) == (1, "DROP")
    assert writes(lab)[-1].endswith("/options"), "it is switched on when all rules are there"


def test_what_somebody_changed_is_brought_back_and_what_is_not_declared_stays(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        there = rules(lab)
        lab.api("POST", f"{PATH}/rules", type="in", action="ACCEPT", enable=1)
        lab.api("PUT", f"{PATH}/rules/2", enable=0)
        lab.api("PUT", f"{PATH}/options", enable=0, dhcp=1)
        lab.api("POST", f"{PATH}/ipset/office", cidr="10.9.0.0/16")
        lab.api("POST", f"{PATH}/ipset", name="theirs")
        await asyncio.sleep(1800)
        await rest(running)
        assert rules(lab) == there

    declared(lab, tmp_path).run(script)
    options = lab.api("GET", f"{PATH}/options")
    assert (options["enable"], options["dhcp"]) == (1, 1)
    assert {row["cidr"] for row in lab.api("GET", f"{PATH}/ipset/office")} == {"10.1.0.0/24", "10.1.0.66"}
    assert "theirs" in {row["name"] for row in lab.api("GET", f"{PATH}/ipset")}


def test_what_is_declared_no_more_goes_after_the_rules_that_named_it(lab: Lab, tmp_path: Path) -> None:
    less = {**SPEC, "ipsets": {"home": {"members": [{"address": "10.3.0.0/24"}]}}, "aliases": {}}
    less["rules"] = [{"action": "ACCEPT", "macro": "SSH", "source": "+home"}]

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"fw.yaml": firewall(less)})
        await rest(running)
        assert running.status(NAME).outcome == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert [row["source"] for row in rules(lab)] == ["+home"]
    assert {row["name"] for row in lab.api("GET", f"{PATH}/ipset")} == {"setpoint", "home"}
    assert lab.api("GET", f"{PATH}/aliases") == []


@pytest.mark.parametrize("adopt", [False, True])
def test_one_that_somebody_set_up_is_taken_over_only_when_that_is_declared(
    lab: Lab, tmp_path: Path, *, adopt: bool
) -> None:
    lab.api("PUT", "cluster/firewall/options", policy_out="ACCEPT")

    async def script(running: Running) -> None:
        await running.settle()
        holds = running.status("Firewall/all").holds
        assert [hold.rule for hold in holds] == ([] if adopt else [Rule.EXISTS])

    files = {
        "lab.yaml": cluster(lab.url),
        "fw.yaml": firewall(OPEN, "all", **({"adopt": True, "drift": "enforce"} if adopt else {})),
    }
    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert len(rules(lab, "cluster/firewall")) == int(adopt)


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        (None, True),
        ({"action": "ACCEPT", "protocol": "tcp", "port": "22"}, True),
        ({"action": "ACCEPT", "protocol": "udp", "port": "8006"}, True),
        ({"action": "ACCEPT", "macro": "SSH"}, True),
        ({"action": "ACCEPT", "protocol": "tcp", "port": "8006", "enabled": False}, True),
        ({"direction": "out", "action": "ACCEPT"}, True),
        ({"action": "ACCEPT", "protocol": "tcp", "port": "22,8006"}, False),
        ({"action": "ACCEPT", "protocol": "tcp", "port": "8000:8100", "source": "10.0.0.0/8"}, False),
        ({"action": "ACCEPT", "source": "10.0.0.0/8"}, False),
        ({"group": "web"}, True),
        ({"group": "api", "enabled": False}, True),
        ({"group": "api"}, False),
    ],
    ids=[
        *("none", "ssh", "udp", "macro", "off", "out", "listed", "in a range", "anything"),
        *("a group", "a group, off", "a group that does"),
    ],
)
def test_the_cluster_is_not_closed_to_who_manages_it(
    lab: Lab, tmp_path: Path, rule: dict[str, Any] | None, *, held: bool
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        holds = running.status("Firewall/all").holds
        assert [hold.rule for hold in holds] == ([Rule.IMPOSSIBLE] if held else [])
        if held:
            assert "nobody reach port 8006" in holds[0].why

    api = {"action": "ACCEPT", "protocol": "tcp", "port": "8006"}
    groups = {"web": {"rules": [{**api, "port": "80"}]}, "api": {"rules": [api]}}
    spec = {"cluster": True, "enabled": True, "rules": [] if rule is None else [rule], "groups": groups}
    VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), "fw.yaml": firewall(spec, "all")}).run(
        script
    )
    assert lab.api("GET", "cluster/firewall/options").get("enable", 0) == (0 if held else 1)


API = {"action": "ACCEPT", "protocol": "tcp", "port": "8006"}
SSH = {**API, "port": "22"}


@pytest.mark.parametrize(
    ("rules", "web", "held"),
    [([SSH], [API], True), ([{"group": "web"}], [SSH], True), ([API, SSH], [SSH], False)],
    ids=["by its rules", "by a group", "not at all"],
)
def test_one_that_is_on_is_not_closed_to_who_manages_it(
    lab: Lab, tmp_path: Path, rules: list[dict[str, Any]], web: list[dict[str, Any]], *, held: bool
) -> None:
    def spec(rules: list[dict[str, Any]], web: list[dict[str, Any]]) -> str:
        groups = {"web": {"rules": web}}
        return firewall({"cluster": True, "enabled": True, "rules": rules, "groups": groups}, "all")

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status("Firewall/all").outcome == "Done"
        await running.declare({"fw.yaml": spec(rules, web)})
        await running.settle(running.now())
        holds = running.status("Firewall/all").holds
        assert [hold.rule for hold in holds] == ([Rule.IMPOSSIBLE] if held else [])

    files = {"lab.yaml": cluster(lab.url), "fw.yaml": spec([{"group": "web"}], [API])}
    VirtualDaemon(lab.url, tmp_path, files).run(script)
    inner = lab.api("GET", "cluster/firewall/groups/web")
    outer = lab.api("GET", "cluster/firewall/rules")
    assert "8006" in {row.get("dport") for row in (*inner, *outer) if row["enable"]}


def test_one_that_is_declared_no_more_is_switched_off_and_emptied(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"fw.yaml": None})
        await asyncio.sleep(900)
        assert NAME not in running.statuses()

    declared(lab, tmp_path).run(script)
    assert (rules(lab), lab.api("GET", f"{PATH}/ipset"), lab.api("GET", f"{PATH}/aliases")) == ([], [], [])
    assert "enable" not in lab.api("GET", f"{PATH}/options")


def test_it_goes_with_its_guest(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"fw.yaml": None, "vm.yaml": None})
        await asyncio.sleep(3600)
        assert NAME not in running.statuses()

    policy: dict[str, Any] = {"deletion": "delete", "grace": "0s"}
    files = {
        "lab.yaml": cluster(lab.url),
        "vm.yaml": vm("web01", {"node": "pve1"}, **policy),
        "fw.yaml": firewall(),
    }
    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert lab.get("state")["firewall"] == {}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("status", [0, 596])
@pytest.mark.parametrize(
    "call",
    [
        ("POST", f"/{PATH}/ipset"),
        ("POST", f"/{PATH}/ipset/office"),
        ("POST", f"/{PATH}/aliases"),
        ("POST", f"/{PATH}/rules"),
        ("PUT", f"/{PATH}/rules/0"),
        ("PUT", f"/{PATH}/options"),
    ],
    ids=lambda call: f"{call[0]} {call[1][len(PATH) + 2 :]}",
)
def test_a_lost_answer_makes_nothing_twice(
    lab: Lab, tmp_path: Path, call: tuple[str, str], status: int, moment: str
) -> None:
    lab.happen("reply_lost", method=call[0], path=call[1], status=status, executed=moment == "after", count=1)

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert len(rules(lab)) == 3
    assert {row["name"] for row in lab.api("GET", f"{PATH}/ipset")} == {"setpoint", "office"}


@pytest.mark.parametrize("status", [500, 503, 595])
def test_a_call_that_fails_is_tried_again(lab: Lab, tmp_path: Path, status: int) -> None:
    lab.happen("reply_lost", method="POST", path=f"/{PATH}/rules", status=status, executed=False, count=2)

    async def script(running: Running) -> None:
        await asyncio.sleep(300)
        await rest(running)
        assert running.status(NAME).outcome == "Done", running.status(NAME)

    declared(lab, tmp_path).run(script)
    assert len(rules(lab)) == 3


def test_a_restart_without_its_database_knows_it_by_its_mark(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done"

    seen: list[list[str]] = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        declared(lab, folder).run(script)
        seen.append(lab.writes())
    assert seen[0] == seen[1]


def grouped(groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"virtualMachine": None, "cluster": True, "groups": groups, **more}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"virtualMachine": None}, "write one of them"),
    ({"cluster": True}, "write one of them"),
    ({"virtualMachine": None, "cluster": True, "dhcp": True}, "is for the firewall of a guest"),
    ({"groups": {"web": {}}}, "groups are of the cluster; declare them in the firewall with cluster: true"),
    (grouped({"1st": {}}), "'1st' is no name of a group"),
    (grouped({"a": {}}), "'a' is no name of a group"),
    (grouped({"web": {}, "Web": {}}), "in small letters only; write 'web'"),
    (grouped({"web": {"rules": [{"group": "db"}]}}), "holds no other group"),
    (grouped({"web": {"rules": [{"action": "DROP", "interface": "net0"}]}}), "has no interface"),
    (grouped({"web": {"comment": "a\nb"}}), "one line"),
    ({"rules": [{}]}, "has an action or names a group"),
    ({"rules": [{"action": "DROP", "port": "80"}]}, "ports need a protocol"),
    ({"rules": [{"group": "web", "macro": "SSH"}]}, "beside a group"),
    ({"rules": [{"action": "DROP", "comment": "a\nb"}]}, "one line"),
    ({"ipsets": {"setpoint": {}}}, "bears our mark"),
    ({"aliases": {"1st": {"address": "10.0.0.1"}}}, "'1st' is no name"),
]


@pytest.mark.parametrize(
    ("fields", "told"),
    MISTAKES,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_told(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        FirewallSpec.model_validate({"virtualMachine": "web01", **fields})


@pytest.mark.parametrize(
    "rule",
    [
        *SPEC["rules"],
        {"group": "web", "interface": "net0"},
        {"action": "REJECT", "protocol": "icmp", "icmpType": "echo-request", "log": "nolog"},
        {"action": "DROP", "source": "10.0.0.2, 10.0.0.1", "sourcePort": "9,10", "protocol": "udp"},
    ],
    ids=str,
)
def test_a_rule_that_was_sent_does_not_differ(rule: dict[str, Any]) -> None:
    spec = FirewallSpec.model_validate(
        {"cluster": True, "rules": [{**rule, "source": rule.get("source", "").replace(" ", "") or None}]}
    )
    (told,) = spec.model_dump(mode="json", by_alias=True)["rules"]
    written = written_rule(told)
    assert shown_rule({**sent_rule(written), "enable": int(bool(written["enabled"]))}) == written


RULES = st.lists(
    st.fixed_dictionaries({"action": st.sampled_from("ABC"), "enabled": st.booleans()}), max_size=6
)


@given(there=RULES, wanted=RULES)
def test_any_rules_become_any_others_and_nothing_opens_in_between(
    there: list[Tree], wanted: list[Tree]
) -> None:
    now = [dict(rule) for rule in there]
    both = _on(there) & _on(wanted)
    for _ in range(100):
        edit = next_edit(now, wanted)
        match edit:
            case None:
                break
            case Insert(rule):
                now.insert(0, {**rule, "enabled": False})
            case Move(position, before):
                rule = now.pop(position)
                now.insert(before if before < position else before - 1, dict(rule))
            case Switch(position, on):
                now[position]["enabled"] = on
            case Delete(position):
                del now[position]
        assert both <= _on(now) <= _on(there) | _on(wanted)
    assert now == wanted


def _on(rules: list[Tree]) -> set[str]:
    return {str(rule["action"]) for rule in rules if rule["enabled"]}
