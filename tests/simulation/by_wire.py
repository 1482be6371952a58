"""What happens to networks: commits, other admins, and nodes that do not follow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation.by_people import push
from tests.simulation.declared import NETWORK
from tests.simulation.networks import lock_holder, manifest, sdn_of, vnets_of
from tests.simulation.simulation import Simulation
from tests.simulation.site import ROOT, Site

SOME = 0.2
"""The share of seeds with networks."""
REFUSED = range(400, 596)
"""What is answered where nothing was done."""
LATE = 60.0
"""Seconds after which what was not answered is not carried out any more."""
EVENTS = 3
"""What happens to networks where there are any."""


def begin_networks(sim: Simulation) -> dict[str, str]:
    """The manifests of a network for each cluster, in some seeds; and a zone that somebody made by hand."""
    if sim.dice.random() >= SOME:
        return {}
    found: dict[str, str] = {}
    for number, site in enumerate(sorted(sim.truth.home)):
        name = f"{NETWORK}{number}"
        sim.networks[name] = site
        found[name] = manifest(name, site, {"v20x": 20})
    return found


async def trouble_networks(sim: Simulation) -> None:
    """Some things that happen to networks, one after the other."""
    if not sim.networks:
        return
    await _theirs(sim, sim.truth.home[min(sim.truth.home)])
    # What comes last nothing heals.
    last = sim.dice.choice((_apply_fails, _staged_by_hand))
    for event in (*sim.dice.choices(HAPPENINGS, k=EVENTS - 1), last):
        await asyncio.sleep(sim.dice.uniform(30, 200))
        sim.trace.note("event", event.__name__)
        sim.faults[event.__name__] += 1
        await event(sim)


async def _change(sim: Simulation) -> None:
    """A commit adds a vnet, gives one another tag, or removes one."""
    name = sim.dice.choice(sorted(sim.networks))
    vnets = vnets_of(sim, name)
    used = set(vnets.values())
    tag = next(number for number in range(sim.dice.randint(21, 99), 200) if number not in used)
    match sim.dice.randrange(3):
        case 0 if len(vnets) > 1:
            del vnets[sim.dice.choice(sorted(vnets))]
        case 1:
            vnets[sim.dice.choice(sorted(vnets))] = tag
        case _:
            vnets[f"v{tag}x"] = tag
    push(sim, sim.machines(), targets={**sim.targets, name: manifest(name, sim.networks[name], vnets)})


async def _theirs(sim: Simulation, site: Site) -> None:
    """Somebody has a zone of their own."""
    await site.by_hand("POST", "cluster/sdn/zones", zone="theirs", type="vlan", bridge="vmbr0")
    await site.by_hand("POST", "cluster/sdn/vnets", vnet="their1", zone="theirs", tag=7)
    await site.by_hand("PUT", "cluster/sdn")


async def _staged_by_hand(sim: Simulation) -> None:
    """Somebody changes a vnet, theirs or ours, and applies it after a while, or takes it back; a commit comes between."""
    site = sim.truth.home[sim.dice.choice(sorted(sim.truth.home))]
    vnets = sorted(sdn_of(site).edited["vnets"])
    if not vnets:
        return
    vnet = sim.dice.choice([*vnets, *(vnet for vnet in vnets if vnet.startswith("their"))])
    await site.by_hand("PUT", f"cluster/sdn/vnets/{vnet}", tag=sim.dice.randint(200, 4000))
    await _change(sim)
    await asyncio.sleep(sim.dice.expovariate(1 / 300))
    if sim.dice.random() < 0.5:
        await site.by_hand("PUT", "cluster/sdn")
    else:
        await site.by_hand("POST", "cluster/sdn/rollback")


async def _apply_fails(sim: Simulation) -> None:
    """The next networks that some node makes fail, just as something changes; the task ends well."""
    site = sim.truth.home[sim.dice.choice(sorted(sim.truth.home))]
    node = sim.dice.choice(sorted(site.world.nodes))
    await site.happen("apply_fails", node=node, count=sim.dice.randint(1, 3))
    await _change(sim)


async def _lock_held(sim: Simulation) -> None:
    """Somebody holds the lock for a while, and does not rest before it is given back: nobody else may break it."""
    site = sim.truth.home[sim.dice.choice(sorted(sim.truth.home))]
    status = await site.by_hand("POST", "cluster/sdn/lock")
    if status in REFUSED:
        return
    await _change(sim)
    await asyncio.sleep(sim.dice.expovariate(1 / 200) + (0 if status == 200 else LATE))
    while lock_holder(sim.rules, site) == ROOT:
        # Without an answer nobody knows the token; it is his own lock all the same.
        await site.by_hand("DELETE", "cluster/sdn/lock", force=1)
        await asyncio.sleep(10)


HAPPENINGS: tuple[Callable[[Simulation], Awaitable[None]], ...] = (
    _change,
    _change,
    _staged_by_hand,
    _apply_fails,
    _apply_fails,
    _lock_held,
)
