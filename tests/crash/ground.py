"""Where the daemon is killed at every moment of a change; the next one finds what was left, and makes nothing twice.

A moment is a call that is about to be sent, or has taken effect and was not answered, or was answered and not noted
down; a write of the journal; and a task that runs. It is found by counting one life that nobody ends.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from setpoint.model.lifecycle import Age
from setpoint.store.store import Store
from setpoint_lab.process import start_proxmox
from tests.crash.forge import Ended, Forge, Order, open_forge
from tests.crash.points import Phase, Point
from tests.crash.scenarios import REBUILD, SCENARIOS, Document, Scenario, check_effects, check_world
from tests.rig.emulator import Plane
from tests.rig.estate import cluster, manifest

CHUNKS = 4
"""Parts into which the moments of a scenario are split, so that none takes too long."""
PAUSES = (0.01, 3.0, 45.0)
"""Seconds from a death to the next life: while a task runs, after it, and after every doubt has settled."""
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a folder of its own is made in it
"""Where state directories are kept in memory: a killed process loses nothing that it wrote to a file."""


@dataclass(frozen=True)
class Base:
    """The world and the memory of the daemon when a scenario begins."""

    state: Document
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
            ended = self.live(scenario, scenario.after, self.begin(base))
            self.check(scenario, base, ended)
            self.wholes[name] = base, ended
        return self.wholes[name]

    def begin(self, base: Base) -> Path:
        """The world as it was, and a state directory as it was."""
        self.plane.post("state", base.state)
        self.plane.pass_to(base.now)
        folder = self._folder()
        shutil.copytree(base.folder, folder, dirs_exist_ok=True)
        return folder

    def live(
        self, scenario: Scenario, spec: Document | None, folder: Path, deadly: Point | None = None
    ) -> Ended:
        files = {"lab.yaml": cluster(self.url)}
        if spec is not None:
            files["web01.yaml"] = manifest(scenario.kind, "web01", spec, **scenario.policy)
        for key, declared in scenario.beside.items():
            kind, _, name = key.partition("/")
            files[f"{name}-beside.yaml"] = manifest(kind, name, declared)
        return self.forge.live(Order(self.url, str(folder), files, deadly))

    def die(self, scenario: Scenario, base: Base, point: Point, pause: float) -> Ended:
        """A life that ends at `point`, and after `pause` seconds the next one on what it left."""
        folder = self.begin(base)
        assert self.live(scenario, scenario.after, folder, point).killed, f"{point} was never passed"
        self.plane.pass_to(self.plane.now() + pause)
        return self.live(scenario, scenario.after, folder)

    def check(self, scenario: Scenario, base: Base, ended: Ended) -> None:
        """Everything is as declared, another look changes nothing, and the world went the one way there is."""
        outcomes = {name: told.partition(":")[0] for name, told in ended.outcomes.items()}
        machine = {f"{scenario.kind}/web01": "Done"} if scenario.after is not None else {}
        others = dict.fromkeys(("ProxmoxCluster/lab", *scenario.beside), "Done")
        assert outcomes == {**others, **machine}, ended.outcomes
        assert (ended.differing, ended.again) == ((), 0)
        check_effects(scenario, self.plane.get("effects"))
        check_world(scenario, base.state, self.plane.get("state"))

    def _prepare(self, scenario: Scenario) -> Base:
        self.plane.post("state", scenario.state)
        folder = self._folder()
        if scenario.before is not None:
            self.live(scenario, scenario.before, folder)
        if scenario.rebuilt:
            _grow_old(folder)
            self.plane.pass_to(REBUILD)
        return Base(self.plane.get("state"), self.plane.now(), folder)

    def _folder(self) -> Path:
        self.lives += 1
        folder = self.folder / str(self.lives)
        folder.mkdir()
        return folder


def _grow_old(folder: Path) -> None:
    """Let everything have been made a day earlier: to let a day pass would take longer than a life."""
    with contextlib.closing(Store.open(folder / "setpoint.db")) as store:
        for item in store.items():
            store.save_item(replace(item, age=Age(item.age.since - 86400)))


G = TypeVar("G", bound=Ground)


@contextlib.contextmanager
def open_ground(kind: type[G]) -> Generator[G]:
    """A ground with everything that stands on it, until the block ends."""
    with (
        tempfile.TemporaryDirectory(dir=FAST) as folder,
        start_proxmox(clock="virtual") as running,
        open_forge() as forge,
        contextlib.closing(Plane(running.url)) as plane,
    ):
        yield kind(running.url, plane, forge, Path(folder))


@pytest.fixture(scope="module", name="ground")
def made_ground() -> Generator[Ground]:
    with open_ground(Ground) as ground:
        yield ground


def kill_at_every_moment(
    ground: Ground,
    name: str,
    chunk: int,
    record_property: Callable[[str, object], None],
    chunks: int = CHUNKS,
) -> None:
    """Kill at the moments of one of so many chunks of a scenario: there is what was declared, and nothing twice."""
    scenario = SCENARIOS[name]
    base, whole = ground.whole(name)
    about = dict(whole.passed)
    points = sorted(about)
    calls, writes, tasks = (whole.count(phase) for phase in (Phase.SEND, Phase.WRITE, Phase.TASK))
    assert len(points) == len(whole.passed) == 3 * calls + writes + tasks

    mine = points[chunk::chunks]
    for number, point in enumerate(mine):
        for pause in pauses(point, about[point], number):
            try:
                ground.check(scenario, base, ground.die(scenario, base, point, pause))
            except AssertionError as error:
                error.add_note(f"{name}: killed {point} ({about[point]}), back after {pause} s")
                raise
    record_property("kill", [name, calls, writes, tasks, len(mine)])


def die_beside_each_task(ground: Ground, name: str) -> None:
    """Kill each life as soon as a task of its own runs: everything is reached all the same."""
    scenario = SCENARIOS[name]
    base, whole = ground.whole(name)
    folder = ground.begin(base)
    deaths = 0
    while (ended := ground.live(scenario, scenario.after, folder, Point(Phase.TASK, 1))).killed:
        deaths += 1
        assert deaths <= 2 * whole.count(Phase.TASK), "one task is begun again and again"
        ground.plane.pass_to(ground.plane.now() + PAUSES[0])

    assert deaths == whole.count(Phase.TASK)
    ground.check(scenario, base, ended)


def pauses(point: Point, about: str, number: int) -> tuple[float, ...]:
    """Every pause where something had begun that goes on without the daemon; elsewhere one of them, by turns."""
    lasting = point.phase is Phase.TASK or (point.phase is Phase.EFFECT and not about.startswith("GET"))
    return PAUSES if lasting else (PAUSES[number % len(PAUSES)],)
