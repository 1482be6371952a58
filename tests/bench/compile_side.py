"""Loads a repository of very many manifests, then one commit after the other; says what each took, the fetch apart."""

from __future__ import annotations

import asyncio
import cProfile
import gc
import io
import json
import pstats
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint.desired.compile import Cache, compile_set
from setpoint.model.kind import Kind
from setpoint.sources.git import GitSource
from setpoint.sources.mirror import Mirror
from setpoint.sources.process import Git
from setpoint.systems import registry
from setpoint_proxmox import SYSTEM

SHOWN = 45
"""Lines of a profile."""
fetching: list[float] = []
"""Seconds of each fetch: until the head of the branch is here and known."""


def time_the_fetches() -> None:
    """The fetch is the network's time, and is told apart."""
    update = Mirror.update

    async def timed(self: Mirror, in_force: str | None, *, tidy: bool = True) -> None:
        began = time.perf_counter()
        try:
            await update(self, in_force, tidy=tidy)
        finally:
            fetching.append(time.perf_counter() - began)

    Mirror.update = timed  # type: ignore[method-assign]


@dataclass
class Loader:
    """What the daemon does at a look, up to the comparison with what was in force."""

    source: GitSource
    kinds: dict[str, Kind[Any, Any]]
    cache: Cache
    version: str | None = None

    async def load(self) -> dict[str, Any]:
        """Read the head and compile it."""
        fetching.clear()
        began = time.perf_counter()
        snapshot = await self.source.fetch(self.version, lambda _: False)
        read = time.perf_counter()
        compiled = compile_set(snapshot.files, self.kinds, version=snapshot.version, cache=self.cache)
        ended = time.perf_counter()
        assert not compiled.problems, compiled.problems[:3]
        self.version = snapshot.version
        return {
            "fetch": sum(fetching),
            "read": read - began - sum(fetching),
            "compile": ended - read,
            "resources": len(compiled.resources),
            "version": snapshot.version,
        }


def say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def profiled(loader: Loader, place: str, title: str) -> dict[str, Any]:
    profile = cProfile.Profile()
    profile.enable()
    told = await loader.load()
    profile.disable()
    text = io.StringIO(f"{title}: {told}\n")
    text.seek(0, io.SEEK_END)
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile, stream=text).sort_stats(order).print_stats(SHOWN)
    await asyncio.to_thread(Path(place).write_text, text.getvalue())
    return told


async def main(url: str, mirror: str) -> None:
    gc.set_threshold(50_000, 20, 20)  # as the daemon does
    time_the_fetches()
    loader = Loader(GitSource(url, Git(Path(mirror))), dict(registry([SYSTEM])), Cache())
    say({"ready": True})
    while words := (await asyncio.to_thread(sys.stdin.readline)).split():
        if words[0] == "profile":
            say(await profiled(loader, words[1], "profile"))
        else:
            say(await loader.load())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
