"""Guests that are wiped by schedule: how they come to be old enough, what happens just then, and when a wipe is right."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from setpoint.model.errors import StateError
from setpoint.model.lifecycle import Age
from tests.simulation import by_luck, by_people
from tests.simulation.life import Life
from tests.simulation.simulation import Simulation
from tests.simulation.truth import LAG, OLD

SOME = 0.25
"""The share of seeds with sandboxes."""
BROKEN = 0.3
"""The share of those whose declarations have a mistake at the moment."""


def begin_sandboxes(sim: Simulation) -> str:
    """At which time of the day, in UTC, sandboxes of this seed are made anew, some time from now; empty without any."""
    if sim.dice.random() >= SOME:
        return ""
    moment = datetime.fromtimestamp(sim.loop.wall() + sim.dice.uniform(500, 1700), UTC)
    sim.rebuild = moment.replace(second=0, microsecond=0).timestamp()
    return f"{moment:%H:%M}"


async def grow_old(sim: Simulation) -> None:
    """Let everything have been made days ago; and now and then something go wrong just as it is made anew."""
    if not sim.rebuild:
        return
    broken = asyncio.ensure_future(_break(sim)) if sim.dice.random() < BROKEN else None
    await asyncio.sleep(sim.rebuild - 120 - sim.loop.wall())
    while sim.life is None or sim.life.dead:
        await asyncio.sleep(1)
    _age(sim, sim.life)
    # Who looked before that goes by the age that it saw.
    await by_people.resync(sim)
    await asyncio.sleep(sim.rebuild - sim.loop.wall() + sim.dice.choice((0.5, 20.0, 60.0)))
    event = sim.dice.choice((None, by_luck.kill, by_luck.kill, by_luck.lost_answers, by_luck.task_fails))
    if event is not None:
        sim.trace.note("event", f"{event.__name__} at the moment")
        await event(sim)
    if broken is not None:
        await broken


async def _break(sim: Simulation) -> None:
    """The declarations have a mistake from well before the moment on until it is over."""
    await asyncio.sleep(sim.rebuild - 2 * LAG - sim.loop.wall())
    sim.trace.note("event", "breaks before the moment")
    sim.rebuilt_late = True
    await by_people.breaks(sim, least=3 * LAG)


def _age(sim: Simulation, life: Life) -> None:
    """Both what is true and what is remembered; what is not remembered stays young."""
    for guest in sim.truth.guests:
        if guest.alive:
            guest.born = min(guest.born, sim.loop.time() - OLD)
    for item in life.store.items():
        if item.age.since:
            with suppress(StateError):  # Its disk may be full.
                life.store.save_item(replace(item, age=Age(item.age.since - OLD)))
