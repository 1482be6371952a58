"""What this process does for all hosts on this machine: repositories, evaluations, builds, and work that goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint_nixos.nix.closure import Row
from setpoint_nixos.nix.data_slice import Slices
from setpoint_nixos.nix.evaluate import Evaluations
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.perform import Builds
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.nix.workshop import Budgets, Workshop

T = TypeVar("T")
_TIDYING: Final = "tidy"
_DAY: Final = timedelta(days=1)
_SETTLED: Final = timedelta(hours=1)
"""After a start, when everything that is declared was looked at."""
_COMPARED: Final = 200
_KEPT: Final = timedelta(days=30)


class Latest(Generic[T]):
    """What was found out of pairs of systems, the one before and the one after; of the latest pairs."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], T] = {}

    def get(self, pair: tuple[str, str]) -> T | None:
        """What was found out of it; None while nothing was."""
        return self._found.get(pair)

    def put(self, pair: tuple[str, str], found: T) -> None:
        """Keep it, so that a host that is held is not asked at every look."""
        self._found[pair] = found
        while len(self._found) > _COMPARED:
            del self._found[next(iter(self._found))]


@dataclass
class Work:
    """Something that goes on; `said` is what it said last."""

    task: asyncio.Task[Any]
    said: str = ""


@dataclass
class Shop:
    """One per process. All that it keeps on the disk can be made again.

    Attributes:
        compared: which packages change.
        alike: whether nothing changes but the revision.
    """

    nix: Nix
    workshop: Workshop
    flakes: Flakes
    evaluations: Evaluations
    builds: Builds
    slices: Slices
    compared: Latest[tuple[Row, ...]] = field(default_factory=Latest[tuple[Row, ...]])
    alike: Latest[bool] = field(default_factory=Latest[bool])
    _works: dict[str, Work] = field(default_factory=dict[str, Work])
    _wanted: dict[Key, str] = field(default_factory=dict[Key, str])
    _declared: set[str] = field(default_factory=set[str])
    _tidied: float = field(default_factory=lambda: monotonic() - (_DAY - _SETTLED).total_seconds())

    def work(self, name: str) -> Work | None:
        """What goes on, or has ended and was not taken yet, by this name."""
        return self._works.get(name)

    def begin(self, name: str, what: Coroutine[Any, Any, T]) -> Work:
        """Let it go on by itself; what goes on by this name already goes on instead."""
        if (found := self._works.get(name)) is not None:
            what.close()
            return found
        made = self._works[name] = Work(asyncio.create_task(what))
        return made

    def take(self, name: str) -> None:
        """Forget what has ended."""
        self._works.pop(name, None)

    def wants(self, key: Key, name: str) -> None:
        """Note what a resource waits for now; what it waited for before is ended, unless another one waits for it, too."""
        before, self._wanted[key] = self._wanted.get(key, name), name
        if before in self._wanted.values() or (work := self._works.pop(before, None)) is None:
            return
        if not work.task.cancel() and not work.task.cancelled():
            work.task.exception()  # what came of it is of use to nobody

    def declared(self, key: Key) -> None:
        """Note that a resource is still declared; once a day, what was of use to none of them for long is forgotten."""
        self._declared.add(link_of(key))
        if monotonic() - self._tidied > _DAY.total_seconds():
            self._tidied = monotonic()
            self.take(_TIDYING)
            self.begin(_TIDYING, self.tidy())

    async def tidy(self, older: timedelta = _KEPT) -> int:
        """Forget what was of no use in that time; how many files and folders are gone."""
        declared, self._declared = self._declared, set()
        await asyncio.to_thread(self.builds.keep, declared)
        gone = await self.evaluations.prune(older)
        for prune in (self.builds.prune, self.flakes.prune):
            gone += await asyncio.to_thread(prune, older)
        return gone


def link_of(key: Key) -> str:
    """What the links that keep the systems of a resource are called."""
    return key.name if key.namespace == DEFAULT_NAMESPACE else f"{key.namespace}_{key.name}"


_budgets = Budgets()


def apportion(work: Mapping[str, int]) -> None:
    """How much of each sort goes on at once, for whichever shop is opened from now on."""
    global _budgets  # noqa: PLW0603  # of this machine, as the shop is of this process
    _budgets = Budgets(**work)


_shops: WeakKeyDictionary[asyncio.AbstractEventLoop, Shop] = WeakKeyDictionary()


def shop() -> Shop:
    """The one of this process; its files are below CACHE_DIRECTORY, else below XDG_CACHE_HOME."""
    loop = asyncio.get_running_loop()
    if loop not in _shops:
        _shops[loop] = open_shop(_folder(), Nix(os.environ.get("NIX_REMOTE") or "auto"))
    return _shops[loop]


def open_shop(folder: Path, nix: Nix) -> Shop:
    """One that keeps its files in this folder and uses this Nix."""
    workshop = Workshop(_budgets)
    return Shop(
        nix,
        workshop,
        Flakes(folder / "flakes"),
        Evaluations(nix, folder / "evaluations", workshop),
        Builds(nix, folder / "roots", workshop),
        Slices(folder / "slices"),
    )


def _folder() -> Path:
    # systemd may name several, with colons between.
    given = os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(given or f"{base}/setpoint") / "nix"
