"""What the daemon says, held against what is true: all along, and when the storm is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from setpoint.model.hold import Rule
from tests.simulation.by_people import ask
from tests.simulation.declared import Machine
from tests.simulation.simulation import Simulation
from tests.simulation.truth import differences

LOOK = 300.0
"""Seconds between two looks of the watch."""
CALM = 3 * 3600.0
"""Seconds in which everything must have come to rest after the storm."""
EXPECTED = frozenset(
    {
        Rule.DRIFT_WARN,
        Rule.EXISTS,
        Rule.RECREATE,
        Rule.REBOOT_PENDING,
        Rule.IDENTITY,
        Rule.CREATE_ONLY,
        Rule.IMPOSSIBLE,
    }
)
INTERVAL = {"10m": 600, "15m": 900, "30m": 1800}


@dataclass
class Watch:
    """Looks every few minutes.

    Attributes:
        wrong: for how many seconds in a row each key was said to be in sync and was not.
    """

    sim: Simulation
    wrong: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if self.sim.life is not None:
                self.sim.life.prune()


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
    end = sim.loop.time() + CALM
    left: dict[str, str] = {}
    while sim.loop.time() < end and not sim.rules.broken:
        await asyncio.sleep(60)
        await _accept_history(sim)
        left = unsettled(sim)
        if not left:
            return
    for name, why in left.items():
        sim.rules.fail(f"{name} does not come to rest: {why}")


async def _accept_history(sim: Simulation) -> None:
    """Somebody follows a branch whose history was rewritten."""
    life = sim.life
    if life is not None and life.estate.source.token:
        await ask(sim, life.supervisor.approve(life.estate.source.token, "somebody"))


def unsettled(sim: Simulation) -> dict[str, str]:
    """Who is not at rest, and why."""
    life = sim.life
    if life is None:
        return {"the daemon": "does not run"}
    estate = life.estate
    if estate.version != sim.repository.head:
        return {
            "the source": f"{estate.version[:4]} is in force, {sim.repository.head[:4]} is the head: {estate.source.sentence}"
        }
    if estate.problems:
        return {"the source": f"mistakes where none are: {'; '.join(map(str, estate.problems))}"}
    found: dict[str, str] = {}
    for name, machine in sim.repository.now.machines.items():
        status = sim.status(name)
        if status is None:
            found[name] = "was not looked at"
        elif status.outcome == "Held" and {hold.rule for hold in status.holds} <= EXPECTED:
            continue
        elif status.outcome != "Done":
            found[name] = f"{status.outcome}: {status.sentence}"
        else:
            found |= _untrue(sim, name, machine)
    return found


def _untrue(sim: Simulation, name: str, machine: Machine) -> dict[str, str]:
    guests = sim.truth.living(name) or [g for m in [machine.formerly] for g in sim.truth.living(m) if m]
    vms = [vm for guest in guests if (vm := guest.site.vms.get(guest.vmid)) is not None]
    wrong = [differences(vm, machine) for vm in vms]
    if not vms:
        return {name: "is said to be in sync and is not there"}
    return {} if any(not w for w in wrong) else {name: f"is said to be in sync, but {wrong[0]}"}
