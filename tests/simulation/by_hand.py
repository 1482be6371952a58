"""What other admins do to the cluster behind the daemon's back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_proxmox.mark import with_mark
from tests.simulation.declared import TEMPLATE
from tests.simulation.simulation import Simulation
from tests.simulation.site import Site, mark_of, path_of
from tests.simulation.truth import key_of


def pick(sim: Simulation) -> tuple[Site, ConfiguredGuest] | None:
    """Some VM that rests."""
    found = [
        (site, vm)
        for _, site in sorted(sim.sites.items())
        for _, vm in sorted(site.vms.items())
        if not vm.lock
    ]
    return sim.dice.choice(found) if found else None


def _doubt(sim: Simulation, site: Site, vm: ConfiguredGuest) -> None:
    """Without mark and memory nothing can tell any more whose a VM is."""
    guest = sim.truth.guest(site, vm.vmid)
    if guest is not None and guest.name:
        item = sim.life.store.item(key_of(guest.name)) if sim.life is not None else None
        if item is None or item.identity.get("vmid") != vm.vmid:
            guest.tainted = "its mark was wiped while nothing was remembered of it"


def _leaving(sim: Simulation) -> tuple[Site, ConfiguredGuest] | None:
    """Now and then a VM that is to be deleted."""
    if sim.life is None or sim.dice.random() < 0.3:
        return None
    names = {key.name for key, one in sim.life.store.tombstones().items() if one.active}
    found = [
        (guest.site, vm)
        for guest in sim.truth.guests
        if guest.alive and guest.name in names and (vm := guest.site.vms.get(guest.vmid)) and not vm.lock
    ]
    return sim.dice.choice(found) if found else None


async def configure(sim: Simulation) -> None:
    """Somebody changes a configuration."""
    if (found := pick(sim)) is None:
        return
    site, vm = found
    changes: tuple[dict[str, Any], ...] = (
        {"cores": 3}, {"memory": 768}, {"tags": "handmade"}, {"description": "mine"}, {"onboot": 1}
    )  # fmt: skip
    values, mark = sim.dice.choice(changes), mark_of(vm)
    if "description" in values and mark is not None:
        values = {"description": with_mark("mine", mark)}
    await site.by_hand("PUT", f"{path_of(vm)}/config", **values)


async def power(sim: Simulation) -> None:
    """Somebody starts, stops, pauses or restarts a VM, or it dies."""
    if (found := pick(sim)) is None:
        return
    site, vm = found
    word = sim.dice.choice(("start", "stop", "suspend", "reboot", "dies"))
    if word == "dies":
        await site.happen("guest_dies", vmid=vm.vmid)
    else:
        await site.by_hand("POST", f"{path_of(vm)}/status/{word}")


async def snapshot(sim: Simulation) -> None:
    """Somebody takes a snapshot."""
    if (found := pick(sim)) is not None:
        site, vm = found
        name = f"s{len(vm.load().snapshots)}"
        await site.by_hand("POST", f"{path_of(vm)}/snapshot", snapname=name)


async def lock(sim: Simulation) -> None:
    """A backup locks a VM for a while."""
    if (found := pick(sim)) is not None and found[0].world.quorate:
        site, vm = found
        await site.happen("guest_lock_held", vmid=vm.vmid, lock="backup")
        await asyncio.sleep(sim.dice.uniform(60, 1800))
        while not site.world.quorate:
            await asyncio.sleep(10)
        vm.unlock("backup")


async def delete(sim: Simulation) -> None:
    """Somebody destroys a VM."""
    if (found := pick(sim)) is None:
        return
    site, vm = found
    guest = sim.truth.guest(site, vm.vmid)
    if guest is not None and guest.name and sim.life is not None:
        item = sim.life.store.item(key_of(guest.name))
        if item is not None and item.seen_at and guest.name in sim.machines() and not guest.wiping:
            sim.truth.had.add(guest.name)
            sim.truth.allowed.discard(f"recreate {guest.name}")
    vm.die()
    await site.by_hand("DELETE", path_of(vm), purge=1)


async def wipe_mark(sim: Simulation) -> None:
    """Somebody overwrites the description, and our mark with it."""
    if (found := _leaving(sim) or pick(sim)) is not None:
        site, vm = found
        _doubt(sim, site, vm)
        words = sim.dice.choice(("wiped", "setpoint: other default/VirtualMachine/x vmid=" + str(vm.vmid)))
        await site.by_hand("PUT", f"{path_of(vm)}/config", description=words, tags="")


async def clone(sim: Simulation) -> None:
    """Somebody clones a VM with mark and all."""
    if (found := pick(sim)) is not None:
        site, vm = found
        newid = next(n for n in range(sim.dice.choice((900, 1000, 1500)), 3000) if n not in site.world.guests)
        await site.by_hand("POST", f"{path_of(vm)}/clone", newid=newid, full=1, **{_name(vm): f"copy{newid}"})


async def migrate(sim: Simulation) -> None:
    """Somebody moves a VM to another node."""
    if (found := pick(sim)) is None:
        return
    site, vm = found
    target = sim.dice.choice([node for node in site.world.nodes if node != vm.node])
    online = {"online": 1, "with-local-disks": 1} if vm.type == "qemu" else {"restart": 1}
    more = online if vm.machine is not None else {}
    await site.by_hand("POST", f"{path_of(vm)}/migrate", target=target, **more)


async def stranger(sim: Simulation) -> None:
    """Somebody makes a guest in our range."""
    site = sim.sites[sim.dice.choice(sorted(sim.sites))]
    vmid = next(n for n in range(1000, 3000) if n not in site.world.guests)
    if sim.dice.random() < sim.containers:
        made = {"ostemplate": TEMPLATE, "rootfs": "local-zfs:1", "hostname": f"theirs{vmid}"}
        await site.by_hand("POST", "nodes/pve1/lxc", vmid=vmid, memory=512, **made)
    else:
        await site.by_hand("POST", "nodes/pve1/qemu", vmid=vmid, name=f"theirs{vmid}", memory=512)


def _name(vm: ConfiguredGuest) -> str:
    """What the API calls the name of a guest."""
    return "name" if vm.type == "qemu" else "hostname"


EVENTS: tuple[tuple[int, Callable[[Simulation], Awaitable[None]]], ...] = (
    (6, configure),
    (6, power),
    (2, snapshot),
    (3, lock),
    (3, delete),
    (5, wipe_mark),
    (3, clone),
    (3, migrate),
    (2, stranger),
)
