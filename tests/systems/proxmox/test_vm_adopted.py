"""The whole engine takes a VM over that was made by hand, and only when it is told to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from setpoint.store.records import EventKind
from tests.rig.daemon import Running, VirtualDaemon, settled
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.test_vm_adoption import HANDMADE, VMID, Shape, file, others

SHAPES = {shape.shape: shape for shape in HANDMADE}
CHOSEN = (
    "from-the-wizard",
    "windows-11",
    "cloud-init",
    "pending-changes",
    "snapshots",
    "template",
    "on-another-node",
)


@pytest.fixture
def lab(emulator: str) -> Lab:
    return Lab(emulator)


def key(shape: Shape) -> str:
    return f"VirtualMachine/{shape.owner.key.name}"


def declared(lab: Lab, shape: Shape, **policy: Any) -> dict[str, str]:
    """The cluster and the VM, by its description."""
    name, spec = shape.owner.key.name, yaml.safe_load(shape.spec)
    return {"lab.yaml": cluster(lab.url), "vm.yaml": vm(name, spec, **policy)}


@pytest.mark.parametrize("name", CHOSEN)
def test_it_is_held_until_it_may_be_taken_over_and_then_only_marked(
    lab: Lab, tmp_path: Path, name: str
) -> None:
    shape = SHAPES[name]
    lab.begin(shape.world())
    before = file(lab)

    async def script(running: Running) -> None:
        await running.settle()
        (hold,) = running.status(key(shape)).holds
        assert (hold.rule, hold.why) == ("Exists", f"{VMID} exists and does not bear our mark")
        assert hold.release.startswith(f"set policy.adopt to take it over as {key(shape)}")
        assert (lab.writes(), file(lab)) == ([], before)
        await running.declare(declared(lab, shape, adopt=True))
        await running.until(lambda: running.status(key(shape)).outcome == "Done")
        await asyncio.sleep(3600)

    daemon = VirtualDaemon(lab.url, tmp_path, declared(lab, shape))
    daemon.run(script)

    assert lab.writes() == [f"POST /nodes/{shape.node}/qemu/{VMID}/config"]
    assert lab.get("effects") == []
    assert others(file(lab)) == others(before)
    again = daemon.run(settled)
    assert (again[key(shape)].outcome, len(lab.writes())) == ("Done", 1)


def test_what_it_did_is_told(lab: Lab, tmp_path: Path) -> None:
    shape = SHAPES["from-the-wizard"]
    lab.begin(shape.world())

    async def script(running: Running) -> list[str]:
        await running.settle()
        events = running.estate.store.history(None, 50)
        return [event.sentence for event in events if event.kind is EventKind.STEP]

    steps = VirtualDaemon(lab.url, tmp_path, declared(lab, shape, adopt=True)).run(script)
    assert steps == [f"write description, tags of VM {VMID}, which tell that it is {key(shape)}"]


@pytest.mark.parametrize("name", ["locked-by-a-backup", "suspended-to-disk"])
def test_a_locked_one_waits_and_is_then_marked(lab: Lab, tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    lab.begin(shape.world())

    async def script(running: Running) -> None:
        await running.settle()
        (hold,) = running.status(key(shape)).holds
        assert hold.passing
        assert "so it does not bear our mark yet" in hold.why
        await asyncio.sleep(3600)
        assert lab.writes() == []
        lab.happen("guest_unlock", vmid=VMID)
        await running.until(lambda: running.status(key(shape)).outcome == "Done")

    VirtualDaemon(lab.url, tmp_path, declared(lab, shape, adopt=True)).run(script)

    assert len(lab.writes()) == 1
    assert "setpoint" in file(lab)


def test_one_that_nothing_tells_apart_is_not_known_again_without_its_mark(lab: Lab, tmp_path: Path) -> None:
    """Old VMs have no uuid: what stands under the same number later may be another one."""
    shape = SHAPES["no-nic"]
    lab.begin(shape.world())
    daemon = VirtualDaemon(lab.url, tmp_path, declared(lab, shape, adopt=True))
    assert daemon.run(settled)[key(shape)].outcome == "Done"
    lab.begin(shape.world())
    before = file(lab)

    async def script(running: Running) -> tuple[str, str]:
        await running.look_again()
        (hold,) = running.status(key(shape)).holds
        return hold.rule, hold.why

    rule, why = daemon.run(script)
    assert (rule, why) == (
        "Exists",
        f"{VMID} does not bear our mark any more and may be another object by now",
    )
    assert (lab.writes(), file(lab)) == ([], before)


def test_what_bears_anothers_mark_is_never_taken_over(lab: Lab, tmp_path: Path) -> None:
    shape = SHAPES["from-the-wizard"]
    lab.begin(shape.world())
    theirs = f"setpoint: work default/VirtualMachine/web01 vmid={VMID}"
    lab.api("PUT", f"nodes/pve1/qemu/{VMID}/config", description=theirs)
    before, writes = file(lab), lab.writes()

    found = VirtualDaemon(lab.url, tmp_path, declared(lab, shape, adopt=True)).run(settled)

    (hold,) = found[key(shape)].holds
    assert (hold.rule, hold.why) == ("Exists", f"{VMID} belongs to VirtualMachine/web01 of estate work")
    assert (lab.writes(), file(lab)) == (writes, before)


def test_a_container_in_the_way_is_not_taken_over(lab: Lab, tmp_path: Path) -> None:
    shape = SHAPES["from-the-wizard"]
    container = {
        "vmid": VMID,
        "type": "lxc",
        "node": "pve1",
        "status": "running",
        "config": {"hostname": "ct"},
    }
    lab.begin({**shape.world(), "guests": [container]})

    found = VirtualDaemon(lab.url, tmp_path, declared(lab, shape, adopt=True)).run(settled)

    assert found[key(shape)].outcome != "Done"
    assert lab.writes() == []


def test_a_value_that_is_not_its_own_is_corrected_after_the_mark(lab: Lab, tmp_path: Path) -> None:
    shape = SHAPES["from-the-wizard"]
    lab.begin(shape.world())
    spec = {**yaml.safe_load(shape.spec), "onboot": True, "memory": "4GiB"}
    files = {
        "lab.yaml": cluster(lab.url),
        "vm.yaml": vm(shape.owner.key.name, spec, adopt=True, drift="enforce"),
    }

    found = VirtualDaemon(lab.url, tmp_path, files).run(settled)

    status = found[key(shape)]
    assert (status.outcome, [hold.rule for hold in status.holds]) == ("Held", ["RebootPending"])
    assert "onboot: 1" in file(lab)
    assert lab.get("effects") == []


def test_what_is_not_as_declared_is_only_told_until_somebody_wants_it_enforced(
    lab: Lab, tmp_path: Path
) -> None:
    shape = SHAPES["from-the-wizard"]
    lab.begin(shape.world())
    spec = {**yaml.safe_load(shape.spec), "onboot": True}
    name = shape.owner.key.name

    async def script(running: Running) -> None:
        await running.settle()
        (hold,) = running.status(key(shape)).holds
        assert (hold.rule, len(lab.writes())) == ("DriftWarn", 1)
        await running.declare({"vm.yaml": vm(name, spec, adopt=True, drift="enforce")})
        await running.until(lambda: running.status(key(shape)).outcome == "Done")
        assert "onboot: 1" in file(lab)

    files = {"lab.yaml": cluster(lab.url), "vm.yaml": vm(name, spec, adopt=True)}
    VirtualDaemon(lab.url, tmp_path, files).run(script)
