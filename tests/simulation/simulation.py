"""One seed: an estate, a storm over it, calm, and the verdict. Everything in one loop, in virtual time, the same each time."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from setpoint.model.errors import StateError
from setpoint.model.kind import Kind
from setpoint.run import supervisor
from setpoint.systems import installed_kinds
from setpoint_proxmox import client
from tests.simulation import declared
from tests.simulation.declared import TEMPLATE, Following, Machine, Repository
from tests.simulation.life import Life, tasks_of_lives
from tests.simulation.loop import SeededLoop
from tests.simulation.network import Link, Network
from tests.simulation.rules import Rules
from tests.simulation.site import Site
from tests.simulation.trace import Trace
from tests.simulation.truth import ESTATE, Truth, key_of
from tests.systems.proxmox.drive import ROLES, SECRET, world

WORKERS = 4
"""Workers of a lane here: enough for so few VMs; each costs a wake-up whenever there is something to do."""
MEMORY = Path("/dev/shm")  # noqa: S108  # a disk in memory, where the machine has one; only speed depends on it


@dataclass
class Copy:
    """The database as it was."""

    path: Path
    at: float
    served: dict[str, float]


@dataclass
class Simulation:
    """Everything of one seed.

    Attributes:
        skew: by how much the daemon's clock is off, seconds.
        faults: how many of what happened.
        swapped: whether a target is declared to be at another cluster's addresses just now.
        containers: the share of them among what is made.
        rebuild: the moment of the day at which sandboxes are made anew, seconds since the epoch; 0 without any.
        rebuilt_late: a mistake in the declarations keeps that back, at some until their next look after it is mended.
        networks: the cluster of each declared network.
        troubles: how many things are wrong just now that may keep the daemon from seeing or acting.
    """

    seed: int
    loop: SeededLoop
    folder: Path
    kinds: dict[str, Kind[Any, Any]]
    dice: random.Random = field(init=False)
    trace: Trace = field(init=False)
    repository: Repository = field(init=False)
    truth: Truth = field(init=False)
    rules: Rules = field(init=False)
    network: Network = field(init=False)
    sites: dict[str, Site] = field(default_factory=dict)
    life: Life | None = None
    lives: int = 0
    buried: list[Life] = field(default_factory=list)
    skew: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    copies: list[Copy] = field(default_factory=list)
    swapped: bool = False
    troubles: int = 0
    containers: float = 0.0
    rebuild: float = 0.0
    rebuilt_late: bool = False
    networks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"storm {self.seed}")  # noqa: S311  # the same for the same seed
        self.trace = Trace(self.loop.time)
        self.repository = Repository(random.Random(f"git {self.seed}"))  # noqa: S311  # as above
        self.truth = Truth(self.repository)
        self.rules = Rules(self.truth, self.loop.time, self.trace.note)
        self.network = Network(
            random.Random(f"net {self.seed}"),  # noqa: S311  # as above
            self.trace.note,
            self.rules.ended,
            self.rules.sending,
            self.rules.lost_answer,
        )
        self.kinds = {**self.kinds}

    @property
    def database(self) -> Path:
        """Where the daemon's database lies."""
        return self.folder / "setpoint.db"

    def clock(self) -> float:
        """The daemon's wall clock."""
        return self.loop.wall() + self.skew

    def build(self, site_name: str, nodes: int, *, home: bool) -> Site:
        """Set up a cluster; a `home` is declared as a target."""
        state = world({**ROLES, "/sdn": "PVESDNAdmin"})
        state["storages"]["local"]["content"] += ",vztmpl,rootdir"
        state["content"] = [
            {"volid": TEMPLATE, "node": f"pve{n}", "content": "vztmpl", "format": "tzst", "size": 58276231}
            for n in range(1, nodes + 1)
        ]
        state["nodes"] = [
            {"name": f"pve{n}", "ip": f"10.99.0.{n}", "online": True, "local": n == 1}
            for n in range(1, nodes + 1)
        ]
        state["cluster"] = {"name": site_name}
        site = Site.make(site_name, state, self.seed, self.loop.wall)
        site.happened.append(self.rules.happened)
        site.wrote.append(self.rules.wrote)
        self.sites[site_name] = site
        for node in range(1, min(nodes, 2) + 1):
            self.network.links[f"pve{node}.{site_name}"] = Link(site)
        if home:
            self.truth.home[site_name] = site
        return site

    def manifest(self, target: str, site_name: str | None = None) -> str:
        """The target's manifest; with another site's endpoints when one is named."""
        where = site_name or target
        return declared.cluster(target, *(h for h in self.network.links if h.endswith(f".{where}")))

    def start(self) -> bool:
        """Let the daemon begin; whether it could."""
        assert self.life is None
        self.lives += 1
        life = Life(
            self.lives,
            self.database,
            self.clock,
            random.Random(f"life {self.seed} {self.lives}"),  # noqa: S311  # as above
        )
        try:
            life.begin(ESTATE, self.kinds, Following(self.repository))
        except StateError as error:
            self.trace.note("no start", str(error)[:40])
            return False
        self.life = life
        self.trace.note("start", str(self.lives))
        return True

    async def bury(self) -> None:
        """Take note of a daemon that is dead."""
        life, self.life = self.life, None
        if life is None:
            return
        if not life.dead:
            life.die("killed")
        self.trace.note("dead", life.where)
        await life.bury()
        self.buried.append(life)
        for mistake in life.mistakes:
            self.rules.fail(mistake)

    def status(self, name: str) -> Any:
        """What the daemon says of a VM; None when it does not run or has not looked."""
        return None if self.life is None else self.life.store.status(key_of(name))

    def machines(self) -> dict[str, Machine]:
        """What is declared now."""
        return dict(self.repository.now.machines)

    @property
    def targets(self) -> dict[str, str]:
        return dict(self.repository.now.targets)


@dataclass(frozen=True)
class Result:
    """What came of a seed.

    Attributes:
        broken: empty when all went well.
        hours: of virtual time.
        cpu: seconds of this process.
    """

    seed: int
    digest: str
    broken: tuple[str, ...]
    counts: Counter[str]
    faults: Counter[str]
    lives: int
    commits: int
    judged: int
    hours: float
    cpu: float
    last: tuple[str, ...] = ()


KINDS: dict[str, Kind[Any, Any]] = {}
"""What is installed; looked for once."""


def simulate(seed: int) -> Result:
    """Run one seed."""
    from tests.simulation.storm import storm  # it needs what stands here

    prepare()
    gc.collect()
    gc.disable()
    began = time.process_time()
    folder = Path(tempfile.mkdtemp(prefix="setpoint-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    loop = SeededLoop(seed)
    asyncio.set_event_loop(loop)
    sim = Simulation(seed, loop, folder, KINDS)
    tasks_of_lives(loop)
    unhandled: list[str] = []
    loop.set_exception_handler(
        lambda _, context: unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "open_api", sim.network.open_api)
        patch.setattr(supervisor, "WORKERS", WORKERS)
        try:
            loop.run_until_complete(storm(sim))
        except Exception as error:  # noqa: BLE001  # told with its seed
            sim.rules.fail(f"the simulation itself: {error!r} {traceback.format_exc()}")
        finally:
            sim.rules.broken += unhandled
            end(loop)
            gc.enable()
            shutil.rmtree(folder, ignore_errors=True)
    return Result(
        seed, sim.trace.digest(), tuple(sim.rules.broken), sim.trace.counts, sim.faults, sim.lives,
        len(sim.repository.commits), sim.rules.judged, loop.time() / 3600, time.process_time() - began,
        tuple(sim.trace.last),
    )  # fmt: skip


def prepare() -> None:
    """Once per process: what is installed, the secret, and an ear for the log."""
    if not KINDS:
        KINDS.update(installed_kinds())
        os.environ[declared.SECRET_NAME] = SECRET
        os.environ[declared.PASSWORD_NAME] = declared.PASSWORD
        structlog.configure(processors=[_listen], cache_logger_on_first_use=False)
        gc.freeze()


HEARD: list[str] = []
"""What the log said that it must not: a secret, or a crash that is no fault of the disk."""


def _listen(_logger: Any, _method: str, event: Any) -> Any:
    text = repr(event)
    if SECRET in text or declared.PASSWORD in text:
        HEARD.append(f"a secret is in the log: {text}")
    if event.get("event") == "reconcile_crashed" and not isinstance(sys.exc_info()[1], StateError):
        HEARD.append(f"{event.get('key')} crashed: {traceback.format_exc()}")
    raise structlog.DropEvent


def end(loop: SeededLoop) -> None:
    """Drop whatever still goes on."""
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.set_exception_handler(lambda _loop, _context: None)
    for _ in range(20):
        loop.call_soon(loop.stop)
        loop.run_forever()
    asyncio.set_event_loop(None)
    loop.close()
