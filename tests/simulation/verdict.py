"""What the daemon says, held against what is true: all along, and when the storm is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from setpoint.model.hold import Rule
from setpoint.model.identity import Mark
from setpoint.run.freezing import thaw
from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_proxmox.mark import TAG, split_tags
from tests.simulation import networks
from tests.simulation.by_people import ask
from tests.simulation.declared import INTERVALS, PASSWORD, Machine
from tests.simulation.life import Life
from tests.simulation.simulation import Simulation
from tests.simulation.site import mark_of
from tests.simulation.truth import ESTATE, differences, key_of
from tests.systems.proxmox.drive import SECRET

LOOK = 300.0
"""Seconds between two looks of the watch."""
LATE = 900.0
"""Seconds beyond the interval (and its jitter) after which a difference must be known."""
CALM = 4 * 3600.0
"""Seconds in which everything must have come to rest after the storm."""
MADE_ANEW = 300.0
"""Seconds after the moment of sandboxes until they are what they were."""
QUIET = 1200.0
"""Seconds of rest in which nothing may be written any more."""
KEEPING = frozenset(
    {Rule.DELETION, Rule.DELETION_LIMIT, Rule.RENAMED, Rule.IDENTITY, Rule.IMPOSSIBLE, Rule.WINDOW}
)
"""What may hold a deletion for good."""
EXPECTED = frozenset(
    {
        Rule.DRIFT_WARN, Rule.EXISTS, Rule.RECREATE, Rule.REBOOT_PENDING, Rule.IDENTITY, Rule.CREATE_ONLY,
        Rule.IMPOSSIBLE, Rule.MANAGE, Rule.WINDOW, Rule.BLAST_RADIUS, Rule.RENAMED,
    }
)  # fmt: skip


@dataclass
class Watch:
    """Looks every few minutes, and lets nobody say for long that all is well where it is not.

    Attributes:
        wrong: for how many seconds each VM was said to be in sync and was not.
    """

    sim: Simulation
    wrong: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            life = self.sim.life
            if life is None or life.dead:
                continue
            life.prune()
            self._keep_broken(life)
            if not self.sim.troubles and life.estate.version == self.sim.repository.head:
                self._look()
                self._look_at_networks()

    def _keep_broken(self, life: Life) -> None:
        """Whoever's manifest is broken stays as it was."""
        commit = self.sim.repository.commits.get(life.estate.version)
        if commit is None or not commit.broken:
            return
        before = self.sim.repository.commits.get(commit.parent)
        for name, machine in commit.machines.items():
            known = (
                before is not None
                and name in before.machines.keys() - before.hidden
                and commit.parent in self.sim.repository.served
            )
            if known and machine.path in commit.broken and key_of(name) not in life.estate.resources:
                self.sim.rules.fail(f"{name} is given up although its manifest is only broken")

    def _look(self) -> None:
        for name, machine in self.sim.repository.now.machines.items():
            status = self.sim.status(name)
            if status is None or status.outcome != "Done" or not untrue(self.sim, name, machine):
                self.wrong.pop(name, None)
                continue
            self._count(name, INTERVALS[str(machine.policy["interval"])], untrue(self.sim, name, machine))

    def _look_at_networks(self) -> None:
        for name in self.sim.networks:
            status = self.sim.status(name)
            if status is None or status.outcome != "Done" or not networks.untrue(self.sim, name):
                self.wrong.pop(name, None)
                continue
            self._count(name, networks.INTERVAL, networks.untrue(self.sim, name))

    def _count(self, name: str, interval: float, why: str) -> None:
        self.wrong[name] = self.wrong.get(name, 0.0) + LOOK
        if self.wrong[name] > interval * 1.1 + LATE:
            self.sim.rules.fail(f"{name} is said to be in sync for {self.wrong[name]:.0f} s: {why}")


async def final(sim: Simulation) -> None:
    """Calm: every fault ends, and in bounded time all is as declared, or held for a reason that is plain."""
    sim.trace.note("calm")
    sim.network.losses.clear()
    sim.network.latency = 0.02
    sim.repository.down = ""
    for link in sim.network.links.values():
        link.cut = ""
    for site in sim.sites.values():
        await site.happen("calm")
    # By the daemon's clock, which may be behind: what is made anew then is not yet at rest.
    moment = sim.rebuild - min(sim.skew, 0.0) + MADE_ANEW if sim.rebuild else 0.0
    await asyncio.sleep(max(moment - sim.loop.wall(), 0.0))
    end = sim.loop.time() + CALM
    left = {"the daemon": "was not asked"}
    while left and sim.loop.time() < end and not sim.rules.broken:
        await asyncio.sleep(60)
        await _set_free(sim)
        left = unsettled(sim)
    for name, why in left.items():
        sim.rules.fail(f"{name} does not come to rest: {why}")
    if not left:
        await _stay(sim)
    _search(sim)


async def _stay(sim: Simulation) -> None:
    """Whoever is in sync stays so, and nothing is written."""
    names = [*sim.repository.now.machines, *sim.networks]
    stirring = _made_anew_late(sim)
    sim.rules.quiet = frozenset(
        n for n in names if n not in stirring and (s := sim.status(n)) is not None and s.outcome == "Done"
    )
    await asyncio.sleep(QUIET)
    for name, why in unsettled(sim).items():
        if name in names and name not in stirring:  # What is leaving may have waited for its hour until now.
            sim.rules.fail(f"{name} does not stay at rest: {why}")


def _made_anew_late(sim: Simulation) -> frozenset[str]:
    """Sandboxes whose moment passed while nothing could be made anew; each goes at its next look."""
    machines = sim.repository.now.machines if sim.rebuilt_late else {}
    return frozenset(name for name, machine in machines.items() if "lifecycle" in machine.policy)


async def _set_free(sim: Simulation) -> None:
    """Somebody follows a branch whose history was rewritten, breaks a lock that was left, and ends every freeze."""
    life = sim.life
    if life is None or life.dead:
        return
    if life.estate.source.token:
        await ask(sim, life.supervisor.approve(life.estate.source.token, "somebody"))
    await networks.heed(sim)
    for order in life.store.freezes():
        await ask(sim, thaw(life.estate, order, "somebody"))


def _search(sim: Simulation) -> None:
    """No secret is in the database."""
    for path in sorted(sim.folder.glob("setpoint.db*")):
        content = path.read_bytes()
        if SECRET.encode() in content or PASSWORD.encode() in content:
            sim.rules.fail(f"a secret is in {path.name}")


def unsettled(sim: Simulation) -> dict[str, str]:
    """Who is not at rest, and why."""
    life = sim.life
    if life is None or life.dead:
        return {"the daemon": "does not run"}
    estate, head = life.estate, sim.repository.head
    if estate.version != head:
        return {"the source": f"{estate.version[:4]} is in force, not {head[:4]}: {estate.source.sentence}"}
    if estate.problems and not sim.repository.now.broken:
        return {"the source": f"mistakes where none are: {'; '.join(map(str, estate.problems))}"}
    found = {name: _unsettled(sim, name, machine) for name, machine in sim.repository.now.machines.items()}
    found |= {name: networks.unsettled(sim, name, EXPECTED) for name in sim.networks}
    found |= {key.name: _leaving(sim, key.name) for key, one in life.store.tombstones().items() if one.active}
    return {name: why for name, why in found.items() if why}


def _leaving(sim: Simulation, name: str) -> str:
    status = sim.status(name)
    rules = set[Rule]() if status is None else {hold.rule for hold in status.holds}
    # A grace that has not begun, because something else keeps it, does not end.
    if (
        status is not None
        and status.outcome == "Held"
        and KEEPING & rules
        and rules <= {*KEEPING, Rule.GRACE}
    ):
        return ""
    return f"is leaving: {status.sentence if status is not None else 'was not looked at'}"


def _unsettled(sim: Simulation, name: str, machine: Machine) -> str:
    status = sim.status(name)
    if status is None:
        return "was not looked at"
    if status.outcome == "Held" and {hold.rule for hold in status.holds} <= EXPECTED:
        return ""
    if status.outcome != "Done":
        return f"{status.outcome}: {status.sentence}"
    return untrue(sim, name, machine)


def untrue(sim: Simulation, name: str, machine: Machine) -> str:
    """What is not as declared; empty when all is."""
    vms = _objects(sim, name, machine)
    if not vms:
        return "it is not there"
    wrong = [[*differences(vm, machine), *_unmarked(vm, name, machine)] for vm in vms]
    return "" if not all(wrong) else f"{', '.join(wrong[0])} of {vms[0].vmid} differs"


def _unmarked(vm: ConfiguredGuest, name: str, machine: Machine) -> list[str]:
    """The mark, where it is not as it should be; what is only looked at bears none of ours."""
    good = Mark(ESTATE, key_of(name), str(vm.vmid))
    well = mark_of(vm) == good and TAG in split_tags(vm.values.get("tags"))
    return [] if well or machine.policy.get("manage") == "observe" else ["mark"]


def _objects(sim: Simulation, name: str, machine: Machine) -> list[ConfiguredGuest]:
    """The VMs that the name may mean: its own, that of its former name, or the one whose id is declared."""
    guests = [*sim.truth.living(name), *(sim.truth.living(machine.formerly) if machine.formerly else ())]
    site = sim.truth.home[machine.target]
    vmids = [guest.vmid for guest in guests if guest.site is site]
    if "vmid" in machine.spec:
        vmids.append(machine.spec["vmid"])
    return [vm for vmid in vmids if (vm := site.vms.get(vmid)) is not None]
