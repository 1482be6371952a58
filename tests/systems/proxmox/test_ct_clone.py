"""A container that begins as a copy: of a template or another container, and then made what was declared."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.kind import Planning
from setpoint.model.plan import Step
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from tests.rig.daemon import Running, VirtualDaemon, settled
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made import facts
from tests.systems.proxmox.made_ct import OWNER, TEMPLATE, differ
from tests.systems.proxmox.test_ct_converge import estate

NAME = "Container/dns01"
ROOT = "local-zfs:basevol-9000-disk-0"
CONFIG = {
    "hostname": "debian",
    "template": 1,
    "unprivileged": 1,
    "ostype": "debian",
    "arch": "amd64",
    "memory": 256,
    "tags": "theirs",
    "nameserver": "9.9.9.9",
    "rootfs": f"{ROOT},size=4G",
    "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:90:00,type=veth",
}
SPEC: dict[str, Any] = {
    "clone": {"from": "debian"},
    "memory": "1GiB",
    "rootfs": {"storage": "local-zfs", "size": "8GiB"},
    "mountPoints": {"mp0": {"storage": "local-zfs", "size": "1GiB", "path": "/data"}},
    "nics": {"net0": {"bridge": "vmbr1", "ipv4": "192.0.2.9/24"}},
    "tags": ["web"],
    "power": "running",
}


def guest(vmid: int, name: str, *, template: bool = True, node: str = "pve1", kind: str = "lxc") -> Guest:
    return Guest(vmid, kind, node, frozenset(), "", name, template, "", "stopped")


def step_for(fields: Mapping[str, Any], *guests: Guest) -> Step:
    declared = ContainerSpec.model_validate(fields)
    seen = facts("pve1", "pve2", guests={one.vmid: one for one in guests})
    (step,) = KIND.plan(differ(declared, None), Planning(declared, OWNER, None, None, seen))
    return step


def test_a_clone_is_one_step_that_says_only_where_from_and_who_it_is() -> None:
    step = step_for({**SPEC, "pool": "ops", "description": "Names"}, guest(9000, "debian"))
    assert (step.verb, step.reserve is not None) == ("clone", True)
    assert step.summary == "clone debian (9000) as CT dns01 on node pve1"
    assert step.arguments == {
        "node": "pve1",
        "source": 9000,
        "to": "pve1",
        "name": "dns01",
        "description": "Names",
        "full": True,
        "pool": "ops",
    }


@pytest.mark.parametrize(
    ("clone", "there", "why"),
    [
        ({"from": "debian"}, guest(9000, "debian", kind="qemu"), "there is no template debian to clone"),
        ({"from": 9000}, guest(9000, "debian", kind="qemu"), "there is no CT 9000 to clone"),
        ({"from": 9000, "linked": True}, guest(9000, "web", template=False), "CT 9000 is no template"),
    ],
)
def test_what_cannot_be_cloned_is_told(clone: dict[str, Any], there: Guest, why: str) -> None:
    step = step_for({**SPEC, "clone": clone}, there)
    assert step.obstacle is not None
    assert why in step.obstacle.why


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"template": TEMPLATE}, "template"),
        ({"password": {"env": "PW"}}, "password"),
        ({"sshKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u7cPz a"]}, "sshKeys"),
    ],
)
def test_a_clone_has_what_its_source_has(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=f"leave out {named}, or clone"):
        ContainerSpec.model_validate({**SPEC, **fields})


def world() -> dict[str, Any]:
    template = {"type": "lxc", "vmid": 9000, "node": "pve1", "status": "stopped", "config": CONFIG}
    return estate(guests=[template])


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(world())
    return found


def daemon(lab: Lab, folder: Path, spec: Mapping[str, Any]) -> VirtualDaemon:
    files = {"lab.yaml": cluster(lab.url), "dns01.yaml": manifest("Container", "dns01", spec)}
    return VirtualDaemon(lab.url, folder, files)


def test_a_clone_becomes_what_was_declared_before_it_is_started(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
        await asyncio.sleep(3600)

    life = daemon(lab, tmp_path, SPEC)
    life.run(script)

    config = lab.api("GET", "nodes/pve1/lxc/1000/config")
    assert (config["hostname"], config["memory"], config["tags"]) == ("dns01", 1024, "setpoint;web")
    assert config["rootfs"] == "local-zfs:subvol-1000-disk-0,size=8G"
    assert "bridge=vmbr1" in config["net0"]
    assert config["nameserver"] == "9.9.9.9", "what nobody declared is the template's"
    assert lab.writes()[0] == "POST /nodes/pve1/lxc/9000/clone"
    assert lab.writes()[-1] == "POST /nodes/pve1/lxc/1000/status/start"
    before = len(lab.writes())
    assert life.run(settled)[NAME].outcome == "Done"
    assert len(lab.writes()) == before


def test_a_linked_clone_rests_on_its_template(lab: Lab, tmp_path: Path) -> None:
    spec = {"clone": {"from": 9000, "linked": True}, "power": "running"}
    assert daemon(lab, tmp_path, spec).run(settled)[NAME].outcome == "Done"
    config = lab.api("GET", "nodes/pve1/lxc/1000/config")
    assert config["rootfs"].startswith(f"{ROOT}/subvol-1000-disk-0")


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("status", [0, 596])
def test_whatever_reply_is_lost_there_is_one_clone(
    lab: Lab, tmp_path: Path, status: int, *, executed: bool
) -> None:
    async def script(running: Running) -> None:
        await asyncio.sleep(1500)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence

    lab.happen("reply_lost", path="/nodes/pve1/lxc/9000/clone", status=status, executed=executed)
    daemon(lab, tmp_path, SPEC).run(script)
    assert [one["vmid"] for one in lab.get("state")["guests"]] == [9000, 1000]
    assert [effect["what"] for effect in lab.get("effects") if effect["kind"] == "volume_gone"] == []


def test_a_clone_that_fails_leaves_nothing_and_is_made_again(lab: Lab, tmp_path: Path) -> None:
    lab.happen("task_fails", type="vzclone", exitstatus="clone failed: no space left")
    assert daemon(lab, tmp_path, SPEC).run(settled)[NAME].outcome == "Done"
    assert [one["vmid"] for one in lab.get("state")["guests"]] == [9000, 1000]


def test_a_template_that_goes_afterwards_is_no_difference(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("DELETE", "nodes/pve1/lxc/9000")
        await asyncio.sleep(1500)
        assert running.status(NAME).outcome == "Done", running.status(NAME).sentence

    daemon(lab, tmp_path, SPEC).run(script)
