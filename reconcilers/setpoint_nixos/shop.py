"""What this process does for all hosts on this machine: repositories, evaluations, builds, and work that goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from setpoint_nixos.nix.evaluate import Evaluations
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.perform import Builds
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.nix.workshop import Workshop

T = TypeVar("T")


@dataclass
class Work:
    """Something that goes on; `said` is what it said last."""

    task: asyncio.Task[Any]
    said: str = ""


@dataclass
class Shop:
    """One per process. All that it keeps on the disk can be made again."""

    nix: Nix
    flakes: Flakes
    evaluations: Evaluations
    builds: Builds
    _works: dict[str, Work] = field(default_factory=dict[str, Work])

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


_shops: WeakKeyDictionary[asyncio.AbstractEventLoop, Shop] = WeakKeyDictionary()


def shop() -> Shop:
    """The one of this process; its files are below CACHE_DIRECTORY, else below XDG_CACHE_HOME."""
    loop = asyncio.get_running_loop()
    if loop not in _shops:
        _shops[loop] = open_shop(_folder(), Nix(os.environ.get("NIX_REMOTE") or "auto"))
    return _shops[loop]


def open_shop(folder: Path, nix: Nix) -> Shop:
    """One that keeps its files in this folder and uses this Nix."""
    workshop = Workshop()
    return Shop(
        nix,
        Flakes(folder / "flakes"),
        Evaluations(nix, folder / "evaluations", workshop),
        Builds(nix, folder / "roots", workshop),
    )


def _folder() -> Path:
    # systemd may name several, with colons between.
    given = os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(given or f"{base}/setpoint") / "nix"
