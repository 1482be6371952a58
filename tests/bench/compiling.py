"""(d) How long the declarations of a large repository take to load, and one commit to it, without the fetch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from tests.bench.child import Child, child
from tests.bench.estate import Folder, machines, prepare
from tests.bench.figures import Figure, Spread
from tests.bench.plan import Plan

AIM = 0.05
"""Seconds at most for one commit."""
CHANGED = Path("07/vm00007.yaml")


def measure(plan: Plan) -> Iterator[Figure]:
    """A cold load in a new process each time, then commits of one line each."""
    folder = prepare(plan.folder("compile"), machines(max(plan.large, 10)))
    repository = folder.declarations
    git(repository, "init", "-q", "-b", "main")
    commit(repository, "Declare everything")
    cold: list[dict[str, float]] = []
    for number in range(min(plan.rounds, 3)):
        with loader(folder, f"cold-{number}") as side:
            cold.append(side.ask("load"))
    yield _cold(cold, plan.large)
    with loader(folder, "warm") as side:
        profile = plan.profile
        side.ask(f"profile {profile.with_suffix('.cold.txt')}" if profile else "load")
        warm = [_edited(side, repository, number) for number in range(plan.runs)]
        if profile:
            edit(repository, plan.runs)
            side.ask(f"profile {profile.with_suffix('.commit.txt')}")
    yield _warm(warm, plan.large)


def _cold(runs: list[dict[str, float]], size: int) -> Figure:
    whole = Spread(tuple(run["read"] + run["compile"] for run in runs))
    read, compiled = (Spread(tuple(run[part] for run in runs)) for part in ("read", "compile"))
    beside = f"{whole.show('.2f')} s: read {read.middle:.2f} s, compile {compiled.middle:.2f} s"
    each = whole.middle / size * 1e6
    figure = f"{whole.middle:.2f} s"
    return Figure(
        "d", f"cold load, {size:,}", figure, f"{beside}, {each:,.0f} us each", values={"runs": runs}
    )


def _warm(runs: list[dict[str, float]], size: int) -> Figure:
    whole = Spread(tuple(run["read"] + run["compile"] for run in runs))
    fetch, read, compiled = (
        Spread(tuple(run[part] for run in runs)) for part in ("fetch", "read", "compile")
    )
    return Figure(
        part="d",
        what=f"one commit of one file, {size:,}",
        figure=f"{whole.middle * 1e3:,.0f} ms",
        beside=f"{whole.show('.0f', 1e3)} ms: read {read.middle * 1e3:.0f}, compile {compiled.middle * 1e3:.0f}; "
        f"and the fetch {fetch.middle * 1e3:.0f}",
        aim=f"<= {AIM * 1e3:g} ms",
        met=whole.middle <= AIM,
        values={"runs": runs},
    )


def _edited(side: Child, repository: Path, number: int) -> dict[str, float]:
    edit(repository, number)
    return side.ask("load")


def edit(repository: Path, number: int) -> None:
    """Commit a change of one line."""
    place = repository / CHANGED
    lines = place.read_text().splitlines()
    changed = [f"  cores: {number % 8 + 3}" if "cores:" in line else line for line in lines]
    place.write_text("\n".join(changed) + "\n")
    commit(repository, f"Give it more, {number}")


def commit(repository: Path, subject: str) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "-q", "-m", subject)


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
    command = ("git", "-C", str(folder), *names, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def loader(folder: Folder, name: str) -> AbstractContextManager[Child]:
    mirror = folder.root / f"{name}.git"
    command = (sys.executable, "-m", "tests.bench.compile_side", str(folder.declarations), str(mirror))
    return child(name, command, folder.root / f"{name}.errors", folder.environment)
