"""The storm: what people, machines and bad luck do, one thing after the other; then calm, and the final verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation import by_hand, by_luck, by_people
from tests.simulation.by_people import a_name
from tests.simulation.by_wire import begin_networks, trouble_networks
from tests.simulation.declared import Machine, a_policy, a_sandbox, a_spec, kind_of
from tests.simulation.sandboxes import begin_sandboxes, grow_old
from tests.simulation.simulation import HEARD, Simulation
from tests.simulation.verdict import Watch, final

Event = Callable[[Simulation], Awaitable[None]]
EVENTS: tuple[tuple[int, Event], ...] = (*by_people.EVENTS, *by_hand.EVENTS, *by_luck.EVENTS)
SANDBOXES = 0.6
"""The share of sandboxes where there are any."""
GAP = 200.0
"""Seconds between two events, on average."""


async def storm(sim: Simulation) -> None:
    """One run from an empty cluster to the verdict."""
    _begin(sim)
    watch = Watch(sim)
    watching = asyncio.ensure_future(watch.run())
    keeping = asyncio.ensure_future(_keep_alive(sim))
    growing = asyncio.ensure_future(grow_old(sim))
    wiring = asyncio.ensure_future(trouble_networks(sim))
    await asyncio.sleep(sim.dice.uniform(20, 300))
    going: list[asyncio.Future[None]] = []
    weights = [weight for weight, _ in EVENTS]
    for _ in range(sim.dice.randint(4, 11)):
        ((_, event),) = sim.dice.choices(EVENTS, weights)
        sim.trace.note("event", event.__name__)
        sim.faults[event.__name__] += 1
        going.append(asyncio.ensure_future(_happen(sim, event)))
        await asyncio.sleep(sim.dice.expovariate(1 / GAP))
        if sim.rules.broken or HEARD:
            break
    else:
        await asyncio.wait((*going, wiring, growing))
        await final(sim)
    for task in going:
        if task.done():
            task.result()
    for task in (growing, wiring):
        if task.done():
            task.result()
    for task in (watching, keeping, growing, wiring, *going):
        task.cancel()
    sim.rules.broken += HEARD
    HEARD.clear()
    await sim.bury()


async def _happen(sim: Simulation, event: Event) -> None:
    """One event; while something goes wrong, the daemon may not be blamed for what it cannot see."""
    wrong = any(event is one for _, one in by_luck.EVENTS)
    sim.troubles += wrong
    await event(sim)
    sim.troubles -= wrong


def _begin(sim: Simulation) -> None:
    dice = sim.dice
    nodes = dice.choice((2, 2, 3))
    sim.build("alpha", nodes, home=True)
    if dice.random() < 0.3:
        sim.build("beta", 2, home=True)
    sim.containers = dice.choice((0.0, 0.3, 0.7))
    at = begin_sandboxes(sim)
    machines = {}
    for number in range(dice.randint(4, 8)):
        name = a_name(sim, f"vm{number}x")
        target = dice.choice(list(sim.truth.home))
        spec = a_spec(dice, nodes if target == "alpha" else 2, kind_of(name))
        policy = a_policy(dice)
        if at and dice.random() < SANDBOXES:
            policy = a_sandbox(dice, policy, at)
        machines[name] = Machine(name, f"{name}.yaml", spec, policy, target)
    networks = begin_networks(sim)
    sim.repository.push(machines, {name: sim.manifest(name) for name in sim.truth.home} | networks)
    sim.start()


async def _keep_alive(sim: Simulation) -> None:
    """What systemd does: a daemon that is gone is started again after a while."""
    while True:
        if sim.life is None:
            await asyncio.sleep(sim.dice.choice((1.0, 5.0, 60.0, 400.0)))
            if sim.life is None and not sim.start():
                await asyncio.sleep(30)
            continue
        life = sim.life
        await life.ended.wait()
        if sim.life is life:
            await sim.bury()
