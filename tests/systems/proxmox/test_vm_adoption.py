"""VMs made by hand are taken over as they are: nothing is planned but our mark, and nothing restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from setpoint.desired.compile import compile_set
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.plan import Disruption, Step
from setpoint.model.tree import Tree
from setpoint_proxmox import SYSTEM
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import TAG, split_tags, without_mark
from tests.rig.estate import cluster
from tests.systems.proxmox.drive import Driver, Lab, Seen, world

VMID = 100
BLANK = VirtualMachineSpec(vmid=VMID)
KINDS = {kind.name: kind for kind in SYSTEM.kinds}


@dataclass(frozen=True)
class Shape:
    """A VM of `handmade.yaml`."""

    shape: str
    conf: str
    spec: str
    named: str = ""
    power: str = "stopped"
    node: str = "pve1"
    pool: str = ""
    applied: bool = False
    waits: bool = False

    @property
    def owner(self) -> Owner:
        return Owner("home", Key("default", "VirtualMachine", self.named or self.shape))

    def world(self) -> dict[str, Any]:
        guest = {"vmid": VMID, "type": "qemu", "node": self.node, "status": self.power, "file": self.conf}
        pools = [{"poolid": self.pool, "members": [{"vmid": VMID}]}] if self.pool else []
        return world(guests=[guest], pools=pools)


HANDMADE = [
    Shape(**document)
    for document in yaml.safe_load_all(Path(__file__).with_name("handmade.yaml").read_text("utf-8"))
]
WAITING = [shape for shape in HANDMADE if shape.waits]
FREE = [shape for shape in HANDMADE if not shape.waits]


def described(state: VmState) -> Tree:
    assert KIND.describe is not None
    return KIND.describe(state)


def written(spec: Tree) -> str:
    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=1000)


def compiled(shape: Shape, spec: str) -> VirtualMachineSpec:
    """What the compiler makes of a manifest with that spec."""
    head = (
        f"kind: VirtualMachine\nmetadata: {{name: {shape.owner.key.name}}}\npolicy: {{adopt: true}}\nspec:\n"
    )
    manifest = head + "".join(f"  {line}\n" for line in spec.splitlines())
    files = {"lab.yaml": cluster("https://pve1:8006").encode(), "vm.yaml": manifest.encode()}
    found = compile_set(files, KINDS, version="v1")
    assert found.problems == ()
    return VirtualMachineSpec.model_validate(found.resources[shape.owner.key].spec)


def file(lab: Lab) -> str:
    """The VM's file in /etc/pve."""
    (guest,) = lab.get("state")["guests"]
    return str(guest["file"])


def others(text: str) -> list[str]:
    """The lines of such a file that our mark has nothing to do with: all but three options of the first section."""
    first, bracket, rest = text.partition("\n[")
    ours = ("#", "name: ", "tags: ")
    return [*(line for line in first.splitlines() if not line.startswith(ours)), bracket + rest]


@pytest.fixture
def adopting(lab: Lab, driver: Driver, request: pytest.FixtureRequest) -> tuple[Shape, Driver]:
    shape: Shape = request.param
    lab.begin(shape.world())
    driver.owner = shape.owner
    return shape, driver


async def look(driver: Driver, declared: VirtualMachineSpec) -> tuple[Seen, Step | None]:
    seen = await driver.look(declared)
    return seen, KIND.mark(driver.owner, seen.state)


each = pytest.mark.parametrize("adopting", HANDMADE, ids=lambda shape: shape.shape, indirect=True)
each_free = pytest.mark.parametrize("adopting", FREE, ids=lambda shape: shape.shape, indirect=True)
each_waiting = pytest.mark.parametrize("adopting", WAITING, ids=lambda shape: shape.shape, indirect=True)


def test_there_are_enough_shapes() -> None:
    assert len(HANDMADE) >= 30
    assert len({shape.shape for shape in HANDMADE}) == len(HANDMADE)


@each
async def test_a_vm_is_described_as_a_person_would_write_it(adopting: tuple[Shape, Driver]) -> None:
    shape, driver = adopting
    assert written(described((await driver.look(BLANK)).state)) == shape.spec


@each
async def test_from_its_description_nothing_differs(adopting: tuple[Shape, Driver]) -> None:
    shape, driver = adopting
    seen = await driver.look(compiled(shape, shape.spec))
    assert (seen.found.changes, seen.steps) == ((), ())
    assert seen.found.unseen == ()


@each_free
async def test_only_our_mark_is_written(adopting: tuple[Shape, Driver]) -> None:
    shape, driver = adopting
    lab, declared, before = driver.lab, compiled(shape, shape.spec), file(driver.lab)
    seen, mark = await look(driver, declared)
    assert mark is not None
    assert (mark.verb, mark.disruption, mark.reserve) == ("configure", Disruption.NONE, None)

    assert await driver.act(mark) == ""

    assert lab.writes() == [f"POST /nodes/{shape.node}/qemu/{VMID}/config"]
    assert lab.get("effects") == []
    now, another = await look(driver, declared)
    assert (now.found.changes, now.steps, another) == ((), (), None)
    assert now.state.power == seen.state.power
    assert now.state.mark == shape.owner.mark(str(VMID))
    assert (now.state.name, now.state.tags) == (shape.owner.key.name, seen.state.tags | {TAG})
    assert without_mark(now.state.description) == without_mark(seen.state.description)
    if not shape.applied:
        assert others(file(lab)) == others(before)
    else:
        assert now.state.current.keys() - seen.state.coming.keys() <= {"tags", "description", "unused0"}


@each_waiting
async def test_a_locked_one_waits(adopting: tuple[Shape, Driver]) -> None:
    shape, driver = adopting
    seen, mark = await look(driver, compiled(shape, shape.spec))
    assert seen.steps == ()
    assert mark is not None
    assert mark.obstacle is not None
    assert mark.obstacle.passing
    assert f"locked ({seen.state.lock})" in mark.obstacle.why
    driver.lab.happen("guest_unlock", vmid=VMID)
    _, mark = await look(driver, compiled(shape, shape.spec))
    assert mark is not None
    assert mark.obstacle is None
    assert await driver.act(mark) == ""
    assert split_tags((await driver.look(BLANK)).state.current["tags"]) == {TAG}


@pytest.mark.parametrize("power", ["running", "stopped"])
async def test_under_another_name_a_guest_keeps_its_cloud_init_drive(
    lab: Lab, driver: Driver, power: str
) -> None:
    """The drive is not written anew while it runs; its next start finds the new host name, as after any rename."""
    (found,) = (shape for shape in HANDMADE if shape.shape == "cloud-init")
    shape = replace(found, named="shop", power="stopped")
    lab.begin(shape.world())
    driver.owner = shape.owner
    if power == "running":
        lab.api("POST", f"nodes/pve1/qemu/{VMID}/status/start")
    declared, before, happened = compiled(shape, shape.spec), file(lab), lab.get("effects")
    _, mark = await look(driver, declared)
    assert mark is not None
    assert "write description, tags, name" in mark.summary

    assert await driver.act(mark) == ""

    now, another = await look(driver, declared)
    assert (now.found.changes, now.steps, another) == ((), (), None)
    assert lab.get("effects") == happened
    recorded = "\n[special:cloudinit]\nname: cloud-init\n" if power == "running" else ""
    assert others(file(lab).removesuffix(recorded)) == others(before)
