"""What goes wrong by itself: outages, lost answers, kills, clocks and disks."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable

from tests.simulation.by_hand import pick
from tests.simulation.life import disk_full, disk_refuses, disk_well
from tests.simulation.network import Loss
from tests.simulation.simulation import Copy, Simulation
from tests.simulation.site import Site, mark_of, path_of
from tests.simulation.truth import ESTATE, Guest, key_of

WRITES = frozenset({"POST", "PUT", "DELETE"})
ALL = WRITES | {"GET"}


def a_site(sim: Simulation) -> Site:
    return sim.sites[sim.dice.choice(sorted(sim.sites))]


async def node_off(sim: Simulation) -> None:
    """A node is off, or nothing on the way to it is answered."""
    site = a_site(sim)
    node = sim.dice.choice([name for name in site.world.nodes if name != site.world.local])
    if sim.dice.random() < 0.5:
        await site.happen("node_offline", value=node)
    else:
        await site.happen("packets_dropped", node=node)
    await asyncio.sleep(sim.dice.expovariate(1 / 900))
    await site.happen("node_online", value=node)
    await site.happen("packets_pass", node=node)


async def api_fails(sim: Simulation) -> None:
    """The whole API answers with errors, hangs, or drops what is sent."""
    site = a_site(sim)
    status = sim.dice.choice((500, 503, 595, 596, 0))
    kind = "reply_fails" if status in (500, 503) else "reply_lost"
    seconds = sim.dice.expovariate(1 / 600)
    share = sim.dice.choice((1.0, 1.0, 0.5))
    more = {"executed": False} if kind == "reply_lost" else {}
    await site.happen(kind, method="GET|POST|PUT|DELETE", status=status, for_s=seconds, share=share, **more)
    await asyncio.sleep(seconds)


async def late_effect(sim: Simulation) -> None:
    """An answer gets lost, and the request is carried out only later."""
    later = sim.dice.uniform(0.1, 25)
    await a_site(sim).happen(
        "reply_lost", method="POST|PUT", status=sim.dice.choice((0, 596)), later=later, for_s=600, count=2
    )


async def lost_answers(sim: Simulation) -> None:
    """The next writes get lost on the way there or back."""
    methods = sim.dice.choice((WRITES, WRITES, ALL))
    moment = sim.dice.choice(("before", "after"))
    sim.network.losses.append(Loss(methods, moment, sim.dice.random() < 0.5, sim.dice.randint(1, 4)))


async def cut_link(sim: Simulation) -> None:
    """Endpoints cannot be reached from here."""
    hosts = sorted(sim.network.links)
    for host in sim.dice.sample(hosts, sim.dice.randint(1, len(hosts))):
        sim.network.links[host].cut = sim.dice.choice(("refused", "silent"))
    await asyncio.sleep(sim.dice.expovariate(1 / 600))
    for link in sim.network.links.values():
        link.cut = ""


async def slow_network(sim: Simulation) -> None:
    """Every call takes long for a while."""
    sim.network.latency = sim.dice.choice((0.5, 3.0, 9.0))
    await asyncio.sleep(sim.dice.expovariate(1 / 300))
    sim.network.latency = 0.02


async def task_fails(sim: Simulation) -> None:
    """A task that is started fails."""
    await a_site(sim).happen("task_fails", exitstatus="no luck", for_s=900, count=sim.dice.randint(1, 2))


async def no_quorum(sim: Simulation) -> None:
    """The cluster has no quorum for a while."""
    site = a_site(sim)
    await site.happen("quorum", value=False)
    await asyncio.sleep(sim.dice.expovariate(1 / 300))
    await site.happen("quorum", value=True)


async def permission_lost(sim: Simulation) -> None:
    """The token loses what it may do on the guests, and gets it back."""
    site = a_site(sim)
    for who in ("setpoint@pve", "setpoint@pve!ctl"):
        await site.happen("acl_taken", path="/vms", ugid=who)
    await asyncio.sleep(sim.dice.expovariate(1 / 600))
    await site.happen("calm")


async def kill(sim: Simulation) -> None:
    """The daemon is killed at some moment that matters: around a write to its store, or to the cluster."""
    if sim.life is None:
        return
    life = sim.life
    life.fuse = sim.dice.choice((1, 2, 3, 5, 8, 13, 21, 40))
    await asyncio.sleep(sim.dice.expovariate(1 / 200))
    if not life.dead:
        life.die("killed by the clock")


async def stop(sim: Simulation) -> None:
    """The daemon is stopped in order."""
    if sim.life is not None and not sim.life.dead:
        await sim.life.stop()


async def clock_jumps(sim: Simulation) -> None:
    """The daemon's clock is set."""
    sim.skew += sim.dice.choice((-7200, -600, -45, 45, 600, 7200))
    sim.rules.jumped = sim.loop.time()
    sim.trace.note("jump", f"{sim.skew}")


async def copy_database(sim: Simulation) -> None:
    """A backup of the database is made."""
    if sim.life is None or sim.life.dead:
        return
    path = sim.folder / f"copy{len(sim.copies)}.db"
    import sqlite3

    with sqlite3.connect(path) as copy:
        sim.life.store._db._connection.backup(copy)
    copy.close()
    sim.copies.append(Copy(path, sim.loop.time(), dict(sim.repository.served)))


async def lose_database(sim: Simulation) -> None:
    """The daemon is killed, and its database is gone, or an old copy is put in its place."""
    if sim.life is None or sim.swapped:
        return
    sim.life.die("its database goes")
    await asyncio.sleep(0.5)
    for path in sorted(sim.folder.glob("setpoint.db*")):
        path.unlink()
    copy = sim.dice.choice(sim.copies) if sim.copies and sim.dice.random() < 0.6 else None
    sim.trace.note("database", f"of {copy.at:.0f}" if copy else "lost")
    for guest in sim.truth.guests:
        if guest.alive and guest.name and not _plainly_ours(guest):
            guest.tainted = "its mark was not what it should be when the database went"
        if copy is None:
            guest.born = sim.loop.time()
    sim.truth.had.clear()
    sim.truth.kept.clear()
    sim.repository.served = dict(copy.served) if copy else {}
    sim.rules.destroyed.clear()
    sim.rules.frozen.clear()
    sim.rules.lost.clear()
    sim.rules.restarted.clear()
    sim.rules.forgot = sim.loop.wall()
    if copy is not None:
        shutil.copy(copy.path, sim.database)


async def copy_takes_the_place(sim: Simulation) -> None:
    """Somebody puts a copy of a VM in its place, mark and all, and the database is lost."""
    found = pick(sim)
    if found is None or sim.life is None or sim.swapped:
        return
    site, vm = found
    newid = next(number for number in range(1000, 3000) if number not in site.world.guests)
    path = path_of(vm)
    await site.by_hand("POST", f"{path}/clone", newid=newid, full=1)
    await asyncio.sleep(30)
    vm.die()
    await site.by_hand("DELETE", path, purge=1)
    await asyncio.sleep(5)
    await lose_database(sim)


def _plainly_ours(guest: Guest) -> bool:
    vm = guest.site.vms.get(guest.vmid)
    mark = mark_of(vm) if vm is not None else None
    return mark is not None and (mark.estate, mark.key, mark.object_id) == (
        ESTATE,
        key_of(guest.name),
        str(guest.vmid),
    )


async def disk_trouble(sim: Simulation) -> None:
    """The disk is full, or takes no writes."""
    life = sim.life
    if life is None or life.dead:
        return
    sim.dice.choice((disk_full, disk_refuses))(life.store)
    await asyncio.sleep(sim.dice.expovariate(1 / 200))
    if sim.life is life and not life.dead:
        disk_well(life.store)


EVENTS: tuple[tuple[int, Callable[[Simulation], Awaitable[None]]], ...] = (
    (3, node_off),
    (3, api_fails),
    (3, late_effect),
    (6, lost_answers),
    (3, cut_link),
    (2, slow_network),
    (3, task_fails),
    (2, no_quorum),
    (2, permission_lost),
    (10, kill),
    (2, stop),
    (3, clock_jumps),
    (2, copy_database),
    (2, lose_database),
    (1, copy_takes_the_place),
    (2, disk_trouble),
)
