"""What people do: they commit, break, undo and approve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from setpoint.model.errors import SetpointError
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.plan import Intent
from setpoint.run.freezing import freeze, thaw
from setpoint.run.undelete import undelete
from tests.simulation.by_hand import stranger
from tests.simulation.declared import CONTAINER, Machine, a_policy, a_spec, changed, kind_of
from tests.simulation.rules import Frozen
from tests.simulation.simulation import Simulation
from tests.simulation.truth import target_of

WORDS = {
    Rule.RECREATE: "recreate",
    Rule.IDENTITY: "elsewhere",
    Rule.BLAST_RADIUS: "blast",
    Rule.DELETION_LIMIT: "delete",
}
"""What an approval allows, by the rule that it lifts; else a restart."""
SHORT = 2400.0
"""Seconds that an accident lasts at most before somebody mends it: less than any grace."""
MOST = 12
"""VMs of an estate."""
MANY = 5
"""More than may be deleted in a day."""


async def change(sim: Simulation) -> None:
    """A commit changes one to three machines."""
    machines = sim.machines()
    for name in sim.dice.sample(sorted(machines), min(len(machines), sim.dice.randint(1, 3))):
        machines[name] = changed(sim.dice, machines[name])
    push(sim, machines)


def a_name(sim: Simulation, word: str) -> str:
    """A name that nobody had, of a machine or, as often as the seed has it, a container."""
    prefix = CONTAINER if sim.dice.random() < sim.containers else ""
    return f"{prefix}{word}{len(sim.repository.commits)}"


async def add(sim: Simulation) -> None:
    """A commit adds a machine, now and then under a name that was used before."""
    machines = sim.machines()
    used = {name for commit in sim.repository.commits.values() for name in commit.machines} - machines.keys()
    fresh = a_name(sim, "new")
    name = sim.dice.choice(sorted(used)) if used and sim.dice.random() < 0.4 else fresh
    if len(machines) >= MOST:
        return
    target = sim.dice.choice(sorted(sim.truth.home))
    spec = a_spec(sim.dice, len(sim.sites[target].world.nodes), kind_of(name))
    path = f"{name}-{len(sim.repository.commits)}.yaml"
    # Whoever had the name before says so no more, or one would claim what the other declares.
    machines = {n: replace(m, formerly="") if m.formerly == name else m for n, m in machines.items()}
    machines[name] = Machine(name, path, spec, a_policy(sim.dice), target)
    push(sim, machines)


async def remove(sim: Simulation) -> None:
    """A commit removes a machine."""
    machines = sim.machines()
    if len(machines) > 2:
        name = sim.dice.choice(sorted(machines))
        del machines[name]
        # What is deleted on purpose is forgotten, and may be made anew.
        sim.truth.had.discard(name)
        push(sim, machines)


async def remove_many(sim: Simulation) -> None:
    """A commit removes more of a kind on a cluster than may go in a day, all of which were to be deleted."""
    machines = sim.machines()
    groups: dict[tuple[str, str], list[Machine]] = {}
    for one in machines.values():
        groups.setdefault((one.target, kind_of(one.name)), []).append(one)
    group = max(groups.values(), key=len)
    # Somebody stays, to whom something else can happen.
    doomed = {one.name: one for one in group[: max(1, len(machines) - 2)]}
    pattern = next(iter(doomed.values()))
    prefix = CONTAINER if pattern.name.startswith(CONTAINER) else ""
    for number in range(MANY - len(doomed)):
        name = f"{prefix}many{len(sim.repository.commits)}x{number}"
        doomed[name] = replace(pattern, name=name, path=f"{name}.yaml", formerly="")
    left = {"deletion": "delete", "grace": "1h"}
    for name, one in doomed.items():
        kept = {word: value for word, value in one.policy.items() if word not in ("manage", "lifecycle")}
        machines[name] = replace(one, policy={**kept, **left})
    push(sim, machines)
    await asyncio.sleep(120 + sim.dice.expovariate(1 / 300))
    sim.truth.had.difference_update(doomed)
    push(sim, {name: machine for name, machine in sim.machines().items() if name not in doomed})


async def undeletes(sim: Simulation) -> None:
    """Somebody takes a deletion back; where nothing is leaving, one of his own."""
    if not _leaving(sim):
        await remove(sim)
        await asyncio.sleep(sim.dice.expovariate(1 / 300))
    left, life = _leaving(sim), sim.life
    if not left or life is None:
        return
    key = sim.dice.choice(left)
    if await ask(sim, undelete(life.estate, key, "somebody")):
        sim.truth.kept.add(key.name)
        sim.trace.note("undeleted", key.name)


def _leaving(sim: Simulation) -> list[Key]:
    life = sim.life
    if life is None or life.dead:
        return []
    return sorted(key for key, one in life.store.tombstones().items() if one.active)


async def rename(sim: Simulation) -> None:
    """A commit renames a machine, and mostly says so."""
    machines = sim.machines()
    name = sim.dice.choice(sorted(machines))
    machine = machines.pop(name)
    new = f"{CONTAINER if name.startswith(CONTAINER) else ''}ren{len(sim.repository.commits)}"
    formerly = name if sim.dice.random() < 0.75 else ""
    machines[new] = replace(machine, name=new, formerly=formerly)
    if formerly and name in sim.truth.had:
        sim.truth.had.remove(name)
        sim.truth.had.add(new)
    push(sim, machines)


async def move_file(sim: Simulation) -> None:
    """A commit moves a manifest to another folder."""
    machines = sim.machines()
    name = sim.dice.choice(sorted(machines))
    machines[name] = replace(machines[name], path=f"moved{len(sim.repository.commits)}/{name}.yaml")
    push(sim, machines)


async def breaks(sim: Simulation, least: float = 0.0) -> None:
    """A commit breaks a manifest; it is mended after a while, of so many seconds at least."""
    machines = sim.machines()
    path = machines[sim.dice.choice(sorted(machines))].path
    push(sim, machines, broken=frozenset({path}))
    await asyncio.sleep(least + sim.dice.expovariate(1 / 600))
    push(sim, sim.machines())


async def empty_checkout(sim: Simulation) -> None:
    """Everything is gone from the branch, or half of it; then it is back."""
    machines = sim.machines()
    names = sorted(machines)
    # Declared again later, they may be made anew if they were to be deleted.
    share = len(names) if sim.dice.random() < 0.6 else len(names) // 2
    hidden = frozenset(sim.dice.sample(names, share))
    if share < len(names):
        sim.truth.had -= hidden
    push(sim, machines, hidden=hidden)
    await asyncio.sleep(min(sim.dice.expovariate(1 / 600), SHORT))
    push(sim, sim.machines())


async def force_push(sim: Simulation) -> None:
    """Somebody sets the branch back to an old commit; later it is set right, or approved."""
    repository, before = sim.repository, sim.repository.head
    old = sim.dice.choice([v for v in repository.commits if v != before] or [before])
    repository.reset(old)
    sim.trace.note("commit", f"back to {old[:4]}")
    repository.ring()
    await asyncio.sleep(sim.dice.expovariate(1 / 600))
    if repository.head == old:
        repository.reset(before)
        repository.ring()


async def wrong_address(sim: Simulation) -> None:
    """A commit lets a target point at another cluster, an empty one; it is mended after a while.

    Whoever has not met a target yet has nothing to tell another one by.
    """
    if sim.swapped or not _has_met_all(sim):
        return
    sim.swapped = True
    if "omega" not in sim.sites:
        sim.build("omega", 2, home=False)
    target, machines = sim.dice.choice(sorted(sim.truth.home)), sim.machines()
    if len(machines) < MOST:
        name = f"lure{len(sim.repository.commits)}"
        machines[name] = Machine(name, f"{name}.yaml", a_spec(sim.dice, 2), a_policy(sim.dice), target)
    push(sim, machines, targets={**sim.targets, target: sim.manifest(target, "omega")})
    await asyncio.sleep(sim.dice.expovariate(1 / 900))
    push(sim, sim.machines(), targets={**sim.targets, target: sim.manifest(target)})
    sim.swapped = False


def _has_met_all(sim: Simulation) -> bool:
    if sim.life is None or sim.life.dead:
        return False
    pinned = sim.life.store.pinned
    return all(pinned(target_of(name)) is not None for name in sim.truth.home)


async def declare_theirs(sim: Simulation) -> None:
    """A commit declares a VM that somebody made by hand; whether it may be taken over is said or not."""
    await stranger(sim)
    theirs = [
        guest
        for guest in sim.truth.guests
        if guest.alive and not guest.name and guest.site.name in sim.truth.home
    ]
    machines = sim.machines()
    taken = {(machine.target, machine.spec.get("vmid")) for machine in machines.values()}
    theirs = [guest for guest in theirs if (guest.site.name, guest.vmid) not in taken]
    if not theirs or len(machines) >= MOST:
        return
    guest = sim.dice.choice(theirs)
    prefix = CONTAINER if guest.site.vms[guest.vmid].type == "lxc" else ""
    name = f"{prefix}was{len(sim.repository.commits)}"
    spec = {**a_spec(sim.dice, 2, kind_of(name)), "vmid": guest.vmid}
    for part in ("disks", "nics", "cloudInit", "rootfs", "template", "password"):
        spec.pop(part, None)
    policy = {**a_policy(sim.dice), **({"adopt": True} if sim.dice.random() < 0.5 else {})}
    machines[name] = Machine(name, f"{name}.yaml", spec, policy, guest.site.name)
    push(sim, machines)


async def change_all(sim: Simulation) -> None:
    """A commit changes what needs a restart on every machine, and wants them restarted."""
    machines = sim.machines()
    memory = sim.dice.choice(("1GiB", "2GiB", "3GiB"))
    for name, machine in machines.items():
        policy = {**machine.policy, "reboot": "whenNeeded"}
        policy.pop("manage", None)
        machines[name] = replace(machine, spec={**machine.spec, "memory": memory}, policy=policy)
    push(sim, machines)


async def source_down(sim: Simulation) -> None:
    """The forge cannot be reached for a while."""
    sim.repository.down = "the forge cannot be reached"
    await asyncio.sleep(sim.dice.expovariate(1 / 900))
    sim.repository.down = ""
    sim.repository.ring()


async def approve(sim: Simulation) -> None:
    """Somebody looks at what is held, and approves some of it."""
    life = sim.life
    if life is None:
        return
    held = [
        (status.key.name, hold) for status in life.store.statuses() for hold in status.holds if hold.token
    ]
    # Nobody approves another cluster, for it is a mistake each time here.
    for token in sorted({hold.token for _, hold in held if "=" not in hold.token}):
        if sim.dice.random() < 0.7:
            for name, hold in held:
                if hold.token == token:
                    word = WORDS.get(hold.rule, "restart")
                    sim.truth.allowed.add("blast" if word == "blast" else f"{word} {name}")
            sim.trace.note("approved", token)
            await ask(sim, life.supervisor.approve(token, "somebody"))


async def freezes(sim: Simulation) -> None:
    """Somebody freezes everything, the kind or a target, or pauses one machine; later it goes on."""
    life = sim.life
    if life is None or life.dead:
        return
    now, names = sim.clock(), sorted(sim.machines())
    name = sim.dice.choice(names)
    kind = kind_of(name)
    target = sim.dice.choice(sorted(sim.truth.home))
    hosted = frozenset(n for n, m in sim.machines().items() if m.target == target)
    scope, of, whom = sim.dice.choice(
        (
            (Scope.ALL, "", None),
            (Scope.KIND, kind, frozenset(n for n in names if kind_of(n) == kind)),
            (Scope.TARGET, str(target_of(target)), hosted),
            (Scope.KEY, f"{kind}/{name}", frozenset({name})),
        )
    )
    order = Freeze(scope, of, "somebody", "to see", now)
    if not await ask(sim, freeze(life.estate, order)) or life.dead:
        return
    begun = {key.name for t in sim.truth.home for key, _ in _intents(sim, t)}
    vmids = {i.identity.get("vmid") for t in sim.truth.home for _, i in _intents(sim, t)}
    ice = Frozen((str(scope), of), whom, frozenset({*begun, *vmids}), 1e18)
    sim.rules.frozen.append(ice)
    sim.trace.note("frozen", f"{scope} {of}")
    machines = sim.machines()
    tempting = sorted(machines.keys() & whom) if whom is not None else sorted(machines)
    if tempting and sim.dice.random() < 0.6:
        tempted = sim.dice.choice(tempting)
        push(sim, {**machines, tempted: changed(sim.dice, machines[tempted])})
    await asyncio.sleep(sim.dice.expovariate(1 / 900))
    for one in sim.rules.frozen:
        if one.order == ice.order:
            one.until = min(one.until, sim.loop.time())
    while sim.life is None or not await ask(sim, thaw(sim.life.estate, order, "somebody")):
        await asyncio.sleep(5)


async def resync(sim: Simulation) -> None:
    """Somebody asks for a look at everything."""
    if sim.life is not None:
        await ask(sim, sim.life.supervisor.resync(list(sim.life.estate.resources), "somebody"))


def _intents(sim: Simulation, target: str) -> list[tuple[Key, Intent]]:
    return list(sim.life.store.intents(target_of(target))) if sim.life else []


async def ask(sim: Simulation, what: Awaitable[object]) -> bool:
    """Whether the daemon answered."""
    assert sim.life is not None
    try:
        await sim.life.order(what)
    except (ConnectionError, SetpointError):
        return False
    return True


def push(
    sim: Simulation,
    machines: dict[str, Machine],
    *,
    targets: dict[str, str] | None = None,
    **more: frozenset[str],
) -> None:
    """A commit."""
    commit = sim.repository.push(machines, targets or sim.targets, **more)
    sim.truth.kept -= machines.keys()
    sim.trace.note("commit", commit.version[:4])
    if sim.dice.random() < 0.5:
        sim.repository.ring()


EVENTS: tuple[tuple[int, Callable[[Simulation], Awaitable[None]]], ...] = (
    (12, change),
    (6, add),
    (5, remove),
    (2, remove_many),
    (3, undeletes),
    (4, rename),
    (2, move_file),
    (2, breaks),
    (2, empty_checkout),
    (2, force_push),
    (2, source_down),
    (2, wrong_address),
    (3, declare_theirs),
    (2, change_all),
    (3, approve),
    (3, freezes),
    (2, resync),
)
