"""Every effect on a VM with every way to fail, through the whole engine: one VM, one volume per disk, its own MACs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from setpoint.decide.diff import diff
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.limit import Caution
from setpoint.model.origin import Origin
from setpoint.model.outcome import Changed, Done, Failed, Outcome, Wait
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.conclude import conclude
from setpoint.run.desk import Desk, Pass, Report, Stage
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.pipeline import RECONCILE, run
from setpoint.run.ports import Ports
from setpoint.run.spaces import Spaces
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint_lab.process import start_proxmox
from setpoint_proxmox.kinds import proxmox_cluster, virtual_machine
from tests.systems.proxmox.drive import SECRET, TOKEN, Lab, world

CLUSTER = Key("default", "ProxmoxCluster", "lab")
VM = Key("default", "VirtualMachine", "web01")
CONFIG = "nodes/pve1/qemu/1000/config"
SMALL: dict[str, Any] = {
    "node": "pve1",
    "cores": 1,
    "disks": {"scsi0": {"storage": "local-zfs", "size": "4GiB"}},
    "nics": {"net0": {"bridge": "vmbr0"}},
    "power": "stopped",
}
MORE = {**SMALL, "cores": 2, "nics": {**SMALL["nics"], "net1": {"bridge": "vmbr1"}}}
DISK = {**SMALL, "disks": {**SMALL["disks"], "scsi1": {"storage": "local-zfs", "size": "8GiB"}}}
LARGE = {**SMALL, "disks": {"scsi0": {"storage": "local-zfs", "size": "8GiB"}}}
ON = {**SMALL, "power": "running"}


def resource(key: Key, spec: dict[str, Any]) -> Resource:
    target = None if key == CLUSTER else CLUSTER
    return Resource(key, spec, Policy(), Origin("x.yaml"), repr(spec), target, (target,) if target else ())


@dataclass
class Engine:
    """The pipeline over one VM; its clock is the emulator's. `restart` forgets all but the store."""

    lab: Lab
    store: Store = field(default_factory=Store.in_memory)
    lane: Lane | None = None

    def now(self) -> float:
        return float(self.lab.get("clock")["now"])

    async def once(self, spec: dict[str, Any], stages: tuple[Stage, ...] = RECONCILE) -> Report:
        kind = virtual_machine.KIND
        lane = self.lane or await self.restart()
        desk = Desk(
            lane=lane,
            store=self.store,
            calls=StoreInline(),
            ports=lane.ports,
            caution=Caution(),
            estate="home",
            version="v",
            ready=lambda key: True,
            lane_at=lambda _: None,
            unmet=list,
            peers=list,
            doubt=lambda declared: None,
            spaces=Spaces(Estate("home", {}, self.store, StoreInline(), lane.ports)),
            strangers=lambda _: (),
            group=lambda _: None,
            search=self.search,
            reconcile_id="r",
            requested=0,
            not_before=self.now(),
        )
        start = Pass(resource(VM, spec), kind, kind.spec.model_validate(spec), Owner("home", VM))
        report = await run(desk, start, stages)
        await conclude(desk, report)
        return report

    async def search(self, lane: Lane) -> None:
        """Nothing else is declared here that could be found."""

    async def settle(self, spec: dict[str, Any]) -> None:
        last: Outcome | None = None
        for _ in range(30):
            last = (await self.once(spec)).outcome
            if isinstance(last, Done):
                return
            assert isinstance(last, Changed | Wait | Failed), last
            self.lab.post("clock", {"advance": 8})
        raise AssertionError(last)

    async def restart(self) -> Lane:
        await self.close()
        self.lane = Lane(CLUSTER, proxmox_cluster.KIND, Ports(now=self.now, chance=lambda: 0.5))
        token = {"id": TOKEN, "secret": {"env": "SETPOINT_TEST_TOKEN"}}
        await self.lane.declare(resource(CLUSTER, {"endpoints": [self.lab.url], "token": token}))
        return self.lane

    async def close(self) -> None:
        if self.lane is not None:
            await self.lane.close()


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.fixture
async def engine(emulator: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Engine]:
    monkeypatch.setenv("SETPOINT_TEST_TOKEN", SECRET)
    lab = Lab(emulator)
    lab.begin(world())
    made = Engine(lab)
    yield made
    await made.close()


FAULTS = {
    "reply lost after the effect": ("reply_lost", {"status": 0, "executed": True}),
    "reply lost before the effect": ("reply_lost", {"status": 0, "executed": False}),
    "timed out and executed": ("reply_lost", {"status": 596, "executed": True}),
    "timed out and not executed": ("reply_lost", {"status": 596, "executed": False}),
    "never arrived": ("reply_lost", {"status": 595}),
    "500": ("reply_fails", {"status": 500, "reason": "got timeout"}),
    "503": ("reply_fails", {"status": 503}),
    "task fails": ("task_fails", {"exitstatus": "command failed: exit code 5"}),
}
STEPS = {
    "create": (None, SMALL),
    "create and start": (None, ON),
    "configure": (SMALL, MORE),
    "new disk": (SMALL, DISK),
    "grow": (SMALL, LARGE),
    "start": (SMALL, ON),
    "shut down": (ON, SMALL),
}


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(("before", "after"), STEPS.values(), ids=STEPS.keys())
async def test_after_a_fault_there_is_what_was_declared_and_nothing_twice(
    engine: Engine, before: Any, after: dict[str, Any], fault: tuple[str, dict[str, Any]], *, killed: bool
) -> None:
    if before is not None:
        await engine.settle(before)
    macs = config(engine).get("net0") if before else None
    event, details = fault
    engine.lab.post("events", {event: details})
    await engine.once(after)
    if killed:
        await engine.restart()

    await engine.settle(after)

    assert diff(declared(after), seen(engine), virtual_machine.KIND.treatments, applied=None).changes == ()
    assert volumes(engine) == sorted(f"local-zfs:vm-1000-disk-{n}" for n in range(len(after["disks"])))
    assert not [key for key in config(engine) if key.startswith("unused")]
    assert macs is None or config(engine)["net0"] == macs
    writes = engine.lab.writes()
    await engine.once(after)
    assert engine.lab.writes() == writes


@pytest.mark.parametrize("late", [1, 12, 25])
@pytest.mark.parametrize(("before", "after"), STEPS.values(), ids=STEPS.keys())
async def test_a_call_that_one_busy_worker_executes_late_is_not_repeated(
    engine: Engine, before: Any, after: dict[str, Any], late: int
) -> None:
    """Everything else answers meanwhile: the proxy gave up after 30 s, and what we see is still the old state."""
    if before is not None:
        await engine.settle(before)
    engine.lab.post("events", {"reply_lost": {"status": 596, "later": late}})

    await engine.settle(after)

    assert diff(declared(after), seen(engine), virtual_machine.KIND.treatments, applied=None).changes == ()
    assert volumes(engine) == sorted(f"local-zfs:vm-1000-disk-{n}" for n in range(len(after["disks"])))
    assert not [key for key in config(engine) if key.startswith("unused")]
    refused = [task for task in engine.lab.api("GET", "nodes/pve1/tasks") if task["status"] != "OK"]
    assert refused == []


@pytest.mark.parametrize("late", [0, 10, 25])
@pytest.mark.parametrize(("before", "after"), STEPS.values(), ids=STEPS.keys())
async def test_a_call_that_is_executed_after_we_gave_up_is_not_repeated(
    engine: Engine, before: Any, after: dict[str, Any], late: int
) -> None:
    """The node's daemon freezes right before the call, the proxy gives up after 30 s, the daemon wakes even later."""
    if before is not None:
        await engine.settle(before)
    frozen = {"value": "pvedaemon", "node": "pve1"}

    async def freeze(_desk: Desk, now: Pass) -> Pass:
        engine.lab.post("events", {"service_freeze": frozen})
        return now

    given_up = await engine.once(after, (*RECONCILE[:-1], freeze, RECONCILE[-1]))
    assert isinstance(given_up.outcome, Wait)
    engine.lab.post("clock", {"advance": late})
    await engine.once(after)
    engine.lab.post("events", {"service_unfreeze": frozen})

    await engine.settle(after)

    assert diff(declared(after), seen(engine), virtual_machine.KIND.treatments, applied=None).changes == ()
    assert volumes(engine) == sorted(f"local-zfs:vm-1000-disk-{n}" for n in range(len(after["disks"])))
    assert not [key for key in config(engine) if key.startswith("unused")]


def config(engine: Engine) -> dict[str, Any]:
    found: dict[str, Any] = engine.lab.api("GET", CONFIG)
    return found


def declared(spec: dict[str, Any]) -> Any:
    kind = virtual_machine.KIND
    return kind.declare(kind.spec.model_validate(spec))


def seen(engine: Engine) -> Any:
    from setpoint_proxmox.kinds.virtual_machine.state import VmState

    guests = engine.lab.api("GET", "nodes/pve1/qemu")
    assert [guest["vmid"] for guest in guests] == [1000]
    in_force = config(engine)
    return virtual_machine.KIND.project(
        VmState(1000, "pve1", power=guests[0]["status"], current=in_force, coming=in_force)
    )


def volumes(engine: Engine) -> list[str]:
    return sorted(row["volid"] for row in engine.lab.api("GET", "nodes/pve1/storage/local-zfs/content"))
