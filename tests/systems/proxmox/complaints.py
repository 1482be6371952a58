"""How a complaint about other tools is lived through: the whole daemon converges, is asked for its plan, and restarted.

A complaint is answered when nothing is left to do: the second plan is empty, nothing more is written, nothing restarts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setpoint.cli.foresight import Named, foresee
from setpoint.model.outcome import Done
from setpoint.run.declare import arrange_lanes
from setpoint.run.estate import Estate
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.rig.daemon import Running, VirtualDaemon, settled, shipped_kinds
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.test_ct_converge import estate

Document = dict[str, Any]
QUICK, LONG = 400.0, 1500.0
"""Seconds in which what can be done is done; and in which drift is found."""

POWER = frozenset({"started", "stopped"})


def vm(name: str = "web01", /, *, policy: Any = None, **spec: Any) -> dict[str, str]:
    """The file that declares a VM."""
    return {f"{name}.yaml": manifest("VirtualMachine", name, spec, **(policy or {}))}


def ct(name: str = "dns01", /, *, policy: Any = None, **spec: Any) -> dict[str, str]:
    """The file that declares a container."""
    return {f"{name}.yaml": manifest("Container", name, spec, **(policy or {}))}


@dataclass
class Scene:
    """The world and the daemon in it."""

    lab: Lab
    running: Running

    async def declare(self, *files: Mapping[str, str | None], seconds: float = QUICK) -> None:
        """Commit files and give them time."""
        await self.running.declare({name: text for each in files for name, text in each.items()})
        await asyncio.sleep(seconds)

    async def later(self, seconds: float = LONG) -> None:
        await asyncio.sleep(seconds)

    def status(self, name: str = "VirtualMachine/web01") -> Status:
        return self.running.status(name)

    def outcome(self, name: str = "VirtualMachine/web01") -> str:
        """How its last reconcile ended; nothing before the first one."""
        found = self.running.statuses().get(name)
        return "" if found is None else found.outcome

    def rules(self, name: str = "VirtualMachine/web01") -> list[str]:
        return [str(hold.rule) for hold in self.status(name).holds]

    def guests(self) -> dict[str, Document]:
        """All guests of the cluster by their names, as a state tells them."""
        return {str(guest["name"]): guest for guest in self.lab.get("state")["guests"]}

    def path(self, name: str = "web01") -> str:
        """Where a guest is below /nodes."""
        guest = self.guests()[name]
        return f"nodes/{guest['node']}/{guest['type']}/{guest['vmid']}"

    def config(self, name: str = "web01") -> Document:
        found: Document = self.lab.api("GET", f"{self.path(name)}/config")
        return found

    def by_hand(self, name: str = "web01", /, **options: Any) -> None:
        """Another admin changes the configuration."""
        self.lab.api("PUT", f"{self.path(name)}/config", **options)

    def happen(self, kind: str, **spec: Any) -> None:
        self.lab.happen(kind, **spec)

    def effects(self, *kinds: str) -> list[str]:
        """What came about of these kinds, in order."""
        return [str(one["what"]) for one in self.lab.get("effects") if one["kind"] in kinds]

    def ours(self) -> list[Document]:
        """Every write of ours."""
        return [one for one in self.lab.get("ledger") if one["user"] != "root@pam"]

    def sent(self, ending: str) -> list[Document]:
        """The parameters of our writes to paths that end so."""
        return [one["params"] for one in self.ours() if one["path"].endswith(ending)]


Story = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Complaint:
    """One number, and the life in which it would have happened.

    Attributes:
        number: as its tracker has it.
        about: what people did not want, in a few words.
        begin: what is declared at first.
        story: what happens then, and what must be right about it.
        before: what happens to the world before the daemon starts.
        state: the world.
        stops: how often a process of a guest is meant to end.
        calm: whether what is declared at first comes true by itself before the story begins.
    """

    number: str
    about: str
    begin: Mapping[str, str]
    story: Story
    before: Callable[[Lab], None] | None = None
    state: Callable[[], Document] = estate
    stops: int = 0
    calm: bool = True
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


async def nothing(_: Scene) -> None:
    """What is declared comes true, and that is all."""


def live(complaint: Complaint, lab: Lab, folder: Path) -> None:
    """Live through it, and hold that nothing is left to do then."""
    lab.begin(complaint.state())
    if complaint.before is not None:
        complaint.before(lab)

    async def life(running: Running) -> None:
        scene = Scene(lab, running)
        if complaint.calm:
            await running.settle()
            assert_rests(running.statuses())
        await complaint.story(scene)
        await running.settle()
        written, powered = lab.writes(), _power(lab)
        assert await second_plan(running, folder) == {}
        await running.look_again()
        await scene.later()
        assert_rests(running.statuses())
        assert lab.writes() == written
        assert _power(lab) == powered

    daemon = VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **complaint.begin})
    daemon.run(life)
    written, powered = lab.writes(), _power(lab)
    assert_rests(daemon.run(settled))
    assert lab.writes() == written
    assert _power(lab) == powered
    assert powered["stopped"] == complaint.stops


async def second_plan(running: Running, folder: Path) -> dict[str, str]:
    """What `setpoint plan` tells of all that is declared, where that is not that nothing is to be done."""
    store = Store.copy_in_memory(folder / "setpoint.db")
    assert store is not None
    ports = running.estate.ports
    planned = Estate("home", shipped_kinds(), store, StoreInline(), ports)
    planned.resources = dict(store.desired())
    await arrange_lanes(planned)
    try:
        content = await running.source.fetch(None, lambda _: False)
        reports = await foresee(planned, content, Named(), base=None)
    finally:
        for lane in planned.every_lane():
            await lane.close()
        store.close()
    return {
        str(report.learned.resource.key): report.outcome.sentence
        for report in reports
        if not isinstance(report.outcome, Done) or report.learned.planned
    }


def assert_rests(statuses: Mapping[str, Status]) -> None:
    """Everything that is declared was seen, differs in nothing, and waits for nobody."""
    restless = {
        name: found.sentence
        for name, found in statuses.items()
        if found.outcome != "Released"
        and (found.outcome, found.known, found.changes, found.holds) != ("Done", True, (), ())
    }
    assert restless == {}


def _power(lab: Lab) -> Counter[str]:
    return Counter(one["kind"] for one in lab.get("effects") if one["kind"] in POWER)
