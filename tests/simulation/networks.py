"""What is true of simulated networks, and what must never be done to them or to anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint.model.key import Key
from setpoint_lab.proxmox.dispatch import Request
from setpoint_lab.proxmox.ledger import Effect
from setpoint_lab.proxmox.sdn.model import Sdn
from tests.simulation.life import Life
from tests.simulation.site import Site
from tests.simulation.truth import Write, by_daemon, key_of
from tests.systems.proxmox.drive import TOKEN

if TYPE_CHECKING:
    from tests.simulation.rules import Rules
    from tests.simulation.simulation import Simulation


INTERVAL = 1200.0
"""Seconds between two looks at a network."""
COMMAND = "pvesh delete /cluster/sdn/lock --force 1"
"""What a network that waits for a lock says that somebody may do."""


@dataclass(frozen=True)
class Lock:
    """A lock on the networks of a cluster; `at` in seconds since the epoch."""

    token: str
    user: str
    at: float


def sdn_of(site: Site) -> Sdn:
    """The networks of a cluster as they are."""
    return site.world.part(Sdn)


def note_lock(locks: dict[str, Lock], site: Site, effect: Effect, at: float) -> None:
    """Remember who took the lock of the networks."""
    token = sdn_of(site).lock
    if effect.method == "POST" and effect.path.endswith("/cluster/sdn/lock") and token is not None:
        locks[site.name] = Lock(token, effect.user, at)


def lock_holder(rules: Rules, site: Site) -> str:
    """The user who holds the lock of the networks; empty when nobody does."""
    lock = rules.locks.get(site.name)
    return lock.user if lock is not None and lock.token == sdn_of(site).lock else ""


async def heed(sim: Simulation) -> None:
    """A lock that the daemon took before it lost its memory nothing can tell from another: somebody does what it says."""
    for name, site in ((name, sim.truth.home[home]) for name, home in sim.networks.items()):
        status, lock = sim.status(name), sim.rules.locks.get(site.name)
        if status is None or COMMAND not in status.sentence or lock is None or lock.at > sim.rules.forgot:
            continue
        if by_daemon(lock_holder(sim.rules, site)):
            await site.by_hand("DELETE", "cluster/sdn/lock", force=1)


def is_about_networks(request: Request) -> bool:
    """Whether a request changes networks."""
    return request.target.startswith("/api2/json/cluster/sdn")


def judge(rules: Rules, life: Life, site: Site, request: Request) -> str:
    """What is wrong with a write to the networks; empty when nothing is."""
    write = Write.read(site, request)
    name = _journalled(life, site)
    if not name:
        return "no intent is journalled"
    if name in rules.quiet:
        return "a write although it is in sync"
    if any(ice.holds(name, rules.now()) and name not in ice.begun for ice in rules.frozen):
        return "a step begins although it is frozen"
    return _wrong(rules, life, write, name)


def _wrong(rules: Rules, life: Life, write: Write, name: str) -> str:
    match write.method, write.path.split("/")[3:]:
        case "DELETE", ["lock"] if write.form.get("force") and not by_daemon(
            lock_holder(rules, write.site) or TOKEN
        ):
            return "the lock of somebody else is broken"
        case _, ["lock"]:
            return ""
        case "POST", ["rollback"]:
            return _foreign(write.site, name, "is taken back")
        case "PUT", []:
            return _foreign(write.site, name, "is applied")
        case method, parts:
            return _not_ours(rules, life, write, name, method, parts)


def untrue(sim: Simulation, name: str) -> str:
    """What of a declared network does not run, or not on every node; empty when all does."""
    site, wanted = sim.truth.home[sim.networks[name]], vnets_of(sim, name)
    sdn = sdn_of(site)
    running = {v: int(s.get("tag", 0)) for v, s in sdn.running["vnets"].items() if s.get("zone") == name}
    missing = {vnet: tag for vnet, tag in wanted.items() if running.get(vnet) != tag}
    if missing:
        return f"{missing} does not run, but {running}"
    behind = [
        node
        for node in site.world.nodes
        if sdn.complaint(node) is not None or not wanted.keys() <= sdn.vnets_on(node).keys()
    ]
    return f"{', '.join(behind)} has not followed" if behind else ""


def manifest(name: str, target: str, vnets: dict[str, int]) -> str:
    """The declaration of a network with a tag for each vnet."""
    spec = {"type": "vlan", "bridge": "vmbr0", "vnets": {vnet: {"tag": tag} for vnet, tag in vnets.items()}}
    policy = {"interval": f"{INTERVAL:.0f}s"}
    metadata = {"name": name}
    return json.dumps(
        {"kind": "Network", "metadata": metadata, "target": target, "policy": policy, "spec": spec}
    )


def vnets_of(sim: Simulation, name: str) -> dict[str, int]:
    """The tags that are declared."""
    spec: Any = json.loads(sim.targets[name])["spec"]
    return {vnet: one["tag"] for vnet, one in spec["vnets"].items()}


def _journalled(life: Life, site: Site) -> str:
    """The network for which a step is under way on that cluster."""
    for key, target in life.store._db.rows("SELECT key, target FROM intent"):
        if Key.parse(target).name == site.name and Key.parse(key).kind == "Network":
            return Key.parse(key).name
    return ""


def _foreign(site: Site, name: str, what: str) -> str:
    """Nothing that somebody else staged is applied or taken back."""
    staged = [f"{kind} {one}" for kind, one, zone in _staged(sdn_of(site)) if zone != name]
    return f"{', '.join(staged)} of somebody else {what}" if staged else ""


def _staged(sdn: Sdn) -> Iterator[tuple[str, str, str]]:
    """Kind, id and zone of everything that was edited and does not run."""
    for kind in ("zones", "vnets", "subnets"):
        old, new = sdn.running[kind], sdn.edited[kind]
        for one in sorted(old.keys() | new.keys()):
            if old.get(one) != new.get(one):
                yield kind, one, one if kind == "zones" else _zone(sdn, kind, one)


def _zone(sdn: Sdn, kind: str, one: str) -> str:
    section = sdn.edited[kind].get(one) or sdn.running[kind].get(one) or {}
    return str(section.get("zone", ""))


def _not_ours(rules: Rules, life: Life, write: Write, name: str, method: str, parts: list[str]) -> str:
    """A zone is ours by its name here, a vnet by its zone; what is declared is not removed."""
    sdn = sdn_of(write.site)
    zone = {
        ("zones", 1): write.form.get("zone", ""),
        ("vnets", 1): write.form.get("zone", ""),
    }.get((parts[0], len(parts)), parts[1] if parts[0] == "zones" and len(parts) > 1 else "")
    if parts[0] == "vnets" and len(parts) > 1:
        zone = _zone(sdn, "vnets", parts[1])
    if zone and zone != name:
        return f"{method} of zone {zone} for {name}"
    if method != "DELETE" or len(parts) != 2:
        return ""
    commit = rules.truth.repository.commits[life.estate.version]
    declared: Any = json.loads(commit.targets.get(name, "{}")).get("spec", {}).get("vnets", {})
    if (parts[0] == "zones" and declared) or parts[1] in declared:
        return f"{parts[1]} is removed and declared"
    return ""


def unsettled(sim: Simulation, name: str, expected: frozenset[Any]) -> str:
    """Why a network is not at rest; empty when it is."""
    status = None if sim.life is None else sim.life.store.status(key_of(name))
    if status is None:
        return "was not looked at"
    if status.outcome == "Held" and {hold.rule for hold in status.holds} <= expected:
        return ""
    if status.outcome != "Done":
        return f"{status.outcome}: {status.sentence}"
    return untrue(sim, name) or _left_locked(sim, name)


def _left_locked(sim: Simulation, name: str) -> str:
    holder = lock_holder(sim.rules, sim.truth.home[sim.networks[name]])
    return f"{holder} left the lock" if holder else ""
