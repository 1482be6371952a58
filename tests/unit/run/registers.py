"""A daemon of boxes in virtual time whose declarations are files of a repository above the cards of a register."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from structlog.testing import capture_logs

from setpoint.run.estate import Estate, SourceState
from setpoint.run.inventories import heard, kept
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.sources.layered import LayeredSource
from setpoint.store.records import EventKind
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.rig.estate import manifest
from tests.toy import KINDS, WORLDS, World
from tests.toy_inventory import Register
from tests.unit.run.departing import Departing, Faulty

NAME = "register"


def card(name: str, spec: Mapping[str, Any] | None = None, /, **policy: Any) -> str:
    """A box as the register declares it: what leaves is left alone unless the card says otherwise."""
    told = {"interval": "6h", "deletion": "orphan", **policy}
    return manifest("Box", name, spec or {"colour": name}, **told)


@dataclass
class Registered(Departing):
    """One life of the daemon, and the register that goes on beside it."""

    register: Register | None = None

    @property
    def book(self) -> Register:
        assert self.register is not None
        return self.register

    async def write(self, *, author: str = "", subject: str = "", **cards: str | None) -> None:
        """Change cards, and wait until what comes of it is done."""
        self.book.write(author=author, subject=subject, **cards)
        await asyncio.sleep(60)

    async def commit(self, files: Mapping[str, str | None]) -> None:
        """Change files of the repository, and wait until what comes of it is done."""
        self.source.replace(files)
        self.source.poke()
        await asyncio.sleep(60)

    def state(self) -> SourceState:
        return self.estate.inventories[NAME]

    def colours(self) -> dict[str, Any]:
        return {t.mark.key.name: t.fields["colour"] for t in self.worlds["w"].things.values() if t.mark}

    def declared(self) -> list[str]:
        """Who declared what, newest first."""
        events = [event for event in self.store.history() if event.kind is EventKind.DECLARED and event.key]
        return [f"{event.key.name if event.key else ''} {event.sentence} ({event.actor})" for event in events]


Body = Callable[[Registered], Awaitable[None]]


def life(
    store: Store,
    files: Mapping[str, str],
    registers: Mapping[str, Register],
    body: Body,
    faults: Callable[[Registered], None] = lambda _: None,
) -> None:
    """A daemon over `store` whose settings name these registers; `faults` come before it starts."""

    async def main() -> None:
        for one in registers.values():
            one.bell = asyncio.Event()
        ports = Ports(virtual_loop().wall, lambda: 0.5, lambda: "r")
        estate = Estate("home", KINDS, store, StoreInline(), ports)
        estate.inventories = {name: SourceState(False, "not read yet", 0.0) for name in registers}
        base = Faulty(files)
        source = LayeredSource(base, registers.values(), partial(kept, estate), partial(heard, estate))
        supervisor = Supervisor(estate, source, inventories=source.inventories)
        daemon = Registered(supervisor, base, register=registers.get(NAME))
        faults(daemon)
        stop = asyncio.Event()
        running = asyncio.create_task(supervisor.run(stop))
        try:
            await asyncio.sleep(60)
            await body(daemon)
        finally:
            stop.set()
            await running

    with capture_logs():
        virtual_run(main())


def lives(files: Mapping[str, str], register: Register, *bodies: Body) -> None:
    """One life after the other over the same store, files and register, which begin with nothing made."""
    WORLDS.clear()
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        for body in bodies:
            life(store, files, {register.name: register}, body)
    WORLDS.clear()
