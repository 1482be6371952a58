"""How long things take, and what waits for what: storages that are locked and copies that share a disk's speed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.flock import Flock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from setpoint_lab.clock import Clock
    from setpoint_lab.proxmox.volumes import Storage


LOOK_SECONDS = 1.0
LOOKS = 3
INSTANT = 0.001
"""Seconds of copying that are left over: less than that, a clock cannot tell apart."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that things take; `start` from and to.

    `copy` is for a whole copy unless `rate` is said: bytes per second of all copies onto a storage together.
    With `allocate`, whoever makes a volume holds the lock of its storage for so long.
    """

    name: str
    allocate: float = 0.0
    linked: float = 0.0
    copy: float = 2.0
    rate: float | None = None
    start: tuple[float, float] = (0.6, 0.6)
    shutdown: float = 2.0
    config: float = 0.0
    resize: float = 0.2
    unpack: float = 0.7


QUICK = Pace("quick")
REALISTIC = Pace(
    "realistic",
    allocate=1.5,
    linked=2.0,
    rate=400.0 * (1 << 20),
    start=(2.0, 4.0),
    shutdown=8.0,
    config=0.3,
    resize=1.0,
    unpack=4.0,
)
PACES: Mapping[str, Pace] = {pace.name: pace for pace in (QUICK, REALISTIC)}


@dataclass(slots=True)
class Copies:
    """The copies onto one storage; `each` are the bytes that one of them got since the beginning."""

    rate: float
    running: int = 0
    each: float = 0.0
    since: float = 0.0

    def tell(self, now: float) -> float:
        """The bytes per copy up to now."""
        if self.running:
            self.each += (now - self.since) * self.rate / self.running
        self.since = now
        return self.each


@dataclass(slots=True)
class Traffic:
    """The locks of storages and the copies onto them, by storage and, for one that is not shared, by node."""

    locks: dict[str, Flock] = field(default_factory=dict[str, Flock])
    copies: dict[str, Copies] = field(default_factory=dict[str, Copies])

    def lock(self, storage: Storage, node: str) -> Flock:
        """The lock of a storage: of the whole cluster for a shared one, of the node else."""
        place = _place(storage, node)
        if place not in self.locks:
            self.locks[place] = _lock(storage)
        return self.locks[place]

    @asynccontextmanager
    async def copying(self, clock: Clock, storage: Storage, node: str, rate: float) -> AsyncGenerator[Copies]:
        """Be one of the copies onto a storage."""
        copies = self.copies.setdefault(_place(storage, node), Copies(rate))
        copies.tell(clock.now())
        copies.running += 1
        try:
            yield copies
        finally:
            copies.tell(clock.now())
            copies.running -= 1

    async def copy(self, clock: Clock, storage: Storage, node: str, size: int, rate: float) -> None:
        """Take the time of a copy that shares the storage's speed with those that run beside it."""
        async with self.copying(clock, storage, node, rate) as copies:
            end = copies.tell(clock.now()) + size
            while (left := end - copies.tell(clock.now())) > rate * INSTANT:
                seconds = left * copies.running / rate
                # Others come and go meanwhile: look again before the time that it takes with as many as now.
                await clock.sleep(min(seconds, max(LOOK_SECONDS, seconds / LOOKS)))


def _lock(storage: Storage) -> Flock:
    if not storage.shared:
        return Flock(f"/var/lock/pve-manager/pve-storage-{storage.id}")
    name = f"storage-{storage.id}"
    return Flock(
        name,
        waiting=f"trying to acquire cfs lock '{name}' ...",
        got="",
        complaint=f"cfs-lock '{name}' error: got lock request timeout",
    )


def _place(storage: Storage, node: str) -> str:
    return storage.id if storage.shared else f"{node}/{storage.id}"
