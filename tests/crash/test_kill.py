"""The daemon is killed at every moment of every change; the next one finds what was left, and makes nothing twice."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.crash.forge import Ended, Forge, Order, open_forge
from tests.crash.points import Phase, Point
from tests.crash.scenarios import SCENARIOS, Scenario, Spec, counted
from tests.rig.emulator import Plane
from tests.rig.estate import cluster, vm

CHUNKS = 6
"""Parts into which the moments of a scenario are split, so that several processes can share them."""
PAUSES = (0.01, 3.0, 45.0)
"""Seconds from a death to the next life, by turns: before a task ends, after it, and after every doubt has settled."""
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a folder of its own is made in it
"""Where state directories are kept in memory: a killed process loses nothing that it wrote to a file."""
VMID = 1000
VM = "VirtualMachine/web01"


@dataclass(frozen=True)
class Base:
    """The world and the memory of the daemon when a scenario begins."""

    state: Mapping[str, Any]
    now: float
    folder: Path


@dataclass
class Ground:
    """Where daemons live and die."""

    url: str
    plane: Plane
    forge: Forge
    folder: Path
    lives: int = 0
    wholes: dict[str, tuple[Base, Ended]] = field(default_factory=dict[str, tuple[Base, Ended]])

    def whole(self, name: str) -> tuple[Base, Ended]:
        """How a scenario begins, and its one life that nobody ends."""
        if name not in self.wholes:
            scenario = SCENARIOS[name]
            base = self._prepare(scenario)
            ended = self.settle(scenario, scenario.after, self.begin(base))
            check(self, scenario, ended)
            self.wholes[name] = base, ended
        return self.wholes[name]

    def begin(self, base: Base) -> Path:
        """The world and a state directory as they were."""
        self.plane.post("state", base.state)
        self.plane.pass_to(base.now)
        folder = self._folder()
        shutil.copytree(base.folder, folder, dirs_exist_ok=True)
        return folder

    def settle(self, scenario: Scenario, spec: Spec, folder: Path, deadly: Point | None = None) -> Ended:
        files = {"lab.yaml": cluster(self.url), "web01.yaml": vm("web01", spec, **scenario.policy)}
        return self.forge.live(Order(self.url, str(folder), files, deadly))

    def macs(self) -> dict[str, str]:
        """Every address of a NIC, by slot."""
        config = self._guest()["config"]
        nics = {slot: str(text) for slot, text in config.items() if slot.startswith("net")}
        return {slot: text.partition("=")[2].partition(",")[0] for slot, text in nics.items()}

    def _prepare(self, scenario: Scenario) -> Base:
        self.plane.post("state", scenario.state)
        folder = self._folder()
        if scenario.before is not None:
            self.settle(scenario, scenario.before, folder)
        return Base(self.plane.get("state"), self.plane.now(), folder)

    def _guest(self) -> dict[str, Any]:
        guests = [guest for guest in self.plane.get("state")["guests"] if guest["vmid"] == VMID]
        assert len(guests) == 1
        found: dict[str, Any] = guests[0]
        return found

    def _folder(self) -> Path:
        self.lives += 1
        folder = self.folder / str(self.lives)
        folder.mkdir()
        return folder


@pytest.fixture(scope="module")
def ground() -> Generator[Ground]:
    with (
        tempfile.TemporaryDirectory(dir=FAST) as folder,
        start_proxmox(clock="virtual", lag=0) as running,
        open_forge() as forge,
        contextlib.closing(Plane(running.url)) as plane,
    ):
        yield Ground(running.url, plane, forge, Path(folder))


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_after_a_kill_at_any_moment_there_is_what_was_declared_and_nothing_twice(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    scenario = SCENARIOS[name]
    base, whole = ground.whole(name)
    about = dict(whole.passed)
    points = sorted(about)
    calls, writes, tasks = (whole.count(phase) for phase in (Phase.SEND, Phase.WRITE, Phase.TASK))
    assert len(points) == len(whole.passed) == 3 * calls + writes + tasks

    for number, point in enumerate(points[chunk::CHUNKS]):
        folder = ground.begin(base)
        assert ground.settle(scenario, scenario.after, folder, point).killed, f"{point} was never passed"
        ground.plane.pass_to(ground.plane.now() + PAUSES[number % len(PAUSES)])
        try:
            check(ground, scenario, ground.settle(scenario, scenario.after, folder))
        except AssertionError as error:
            error.add_note(
                f"{name}: killed {point} ({about[point]}), back after {PAUSES[number % len(PAUSES)]} s"
            )
            raise
    record_property("kill", [name, calls, writes, tasks, len(points[chunk::CHUNKS])])


def check(ground: Ground, scenario: Scenario, ended: Ended) -> None:
    """Everything is as declared, and what came about in the world on the way there is what had to."""
    assert {name: told.partition(":")[0] for name, told in ended.outcomes.items()} == {
        "ProxmoxCluster/lab": "Done",
        VM: "Done",
    }, ended.outcomes
    assert (ended.differing, ended.again) == ((), 0)
    effects = ground.plane.get("effects")
    assert counted(effects) == scenario.effects, effects
