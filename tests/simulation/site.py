"""An emulated cluster in this process, in the time of the loop; what happens in it is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import setpoint_lab.proxmox.app  # noqa: F401  # fills the tables of routes, readers and events
from setpoint.model.identity import Mark
from setpoint_lab.clock import Clock
from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_lab.proxmox.dispatch import Request, answer
from setpoint_lab.proxmox.effects import Happened
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.ledger import Effect
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.world import World
from setpoint_proxmox.mark import parse_mark

ROOT = "root@pam"


class LoopClock(Clock):
    """The loop's time; whoever sleeps on it holds up nobody else."""

    virtual = False

    def __init__(self, wall: Callable[[], float]) -> None:
        self.now = wall  # type: ignore[method-assign]

    def now(self) -> float:
        raise NotImplementedError

    async def advance(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Site:
    """A cluster.

    Attributes:
        happened: told of everything that came about, with who caused it (empty for nobody).
        wrote: told of every request that changed something, when it has been answered.
    """

    name: str
    world: World
    happened: list[Callable[[Site, Happened, str], None]] = field(default_factory=list)
    wrote: list[Callable[[Site, Effect], None]] = field(default_factory=list)

    @classmethod
    def make(cls, name: str, state: Mapping[str, Any], seed: int, wall: Callable[[], float]) -> Site:
        """Begin with `state`; needs a running loop."""
        world = World(LoopClock(wall), seed, lag=0.0)
        read_state(world, state)
        world.samples.start(world)
        world.effects.begin()
        site = cls(name, world)
        site._listen()
        return site

    @property
    def vms(self) -> dict[int, ConfiguredGuest]:
        """Every VM and container by its id."""
        return {
            vmid: guest for vmid, guest in self.world.guests.items() if isinstance(guest, ConfiguredGuest)
        }

    async def happen(self, kind: str, **spec: Any) -> None:
        """Let something happen from outside the API."""
        await EVENTS[kind](self.world, spec)

    async def by_hand(self, method: str, path: str, **params: Any) -> int:
        """What another admin does; the status of the answer."""
        world = self.world
        now, form = world.clock.now(), urlencode(params)
        headers = {
            "Cookie": f"PVEAuthCookie={world.signer.ticket(ROOT, now)}",
            "CSRFPreventionToken": world.signer.csrf(ROOT, now),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        query, body = (f"?{form}", b"") if method in ("GET", "DELETE") else ("", form.encode())
        found = await answer(world, Request(method, f"/api2/json/{path}{query}", headers, body))
        return found.status

    def actor(self) -> str:
        """Who causes what happens now: a user, or nobody."""
        effect = self.world.ledger._current.get()
        return effect.user if effect is not None else ""

    def cause(self) -> Effect | None:
        """The request that causes what happens now."""
        return self.world.ledger._current.get()

    def _listen(self) -> None:
        note, close = self.world.effects.note, self.world.ledger.close

        def noted(kind: Any, vmid: int | None, what: str = "") -> None:
            note(kind, vmid, what)
            for told in self.happened:
                told(self, self.world.effects.all[-1], self.actor())

        def closed(effect: Effect, status: int) -> None:
            close(effect, status)
            if effect.changed:
                for told in self.wrote:
                    told(self, effect)

        self.world.effects.note = noted  # type: ignore[method-assign]
        self.world.ledger.close = closed  # type: ignore[method-assign]


def path_of(vm: ConfiguredGuest) -> str:
    """Where the API has it."""
    return f"nodes/{vm.node}/{vm.type}/{vm.vmid}"


def mark_of(vm: ConfiguredGuest) -> Mark | None:
    """The mark that a guest bears."""
    return parse_mark(str(vm.values.get("description", "")))
