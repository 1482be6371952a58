"""Of (h): what the evaluations of many hosts take in memory, with one among them that wants more than it may."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint_nixos.nix.evaluate import BOUNDS
from setpoint_nixos.nix.workshop import Budgets
from tests.bench.daemon import Daemon, daemon
from tests.bench.farm import Farm
from tests.bench.figures import Figure
from tests.bench.memory import WEIGHT

HEAVY = 20
"""Hosts whose evaluations take some 100 to 300 MB."""
LEAST, MOST = 150_000, 500_000
HUNGRY = 100_000_000
"""Makes an evaluation want more than Nix may have, and keep all of it."""
_PAUSE = 0.01


@dataclass
class Peak:
    """What was seen at most: bytes of all evaluations together and of one, how many there were, and bytes of the daemon."""

    together: int = 0
    one: int = 0
    count: int = 0
    daemon: int = 0


def figures(estate: Farm) -> Iterator[Figure]:
    """A daemon that starts and remembers nothing, so that all hosts want to be evaluated at once."""
    *names, hungry = estate.hosts
    step = (MOST - LEAST) // max(HEAVY - 1, 1)
    heavy = {name: LEAST + number * step for number, name in enumerate(names[:HEAVY])}
    estate.commit({hungry: HUNGRY, **heavy})
    with daemon(estate.folder) as running, _watched(running) as peak:
        refused = f"NixosHost/{hungry}"
        running.until(lambda: _settled(running), "every host evaluated or refused")
        rows = {row["key"]: row for row in running.status()["resources"]}
        peak.daemon = running.memory()["VmHWM"]
    yield from _memory(peak, len(heavy))
    well = [key for key in estate.keys if key != refused and rows[key]["outcome"] == "Done"]
    yield Figure(
        part="h",
        what="hosts in sync beside one whose evaluation wants more memory than it may",
        figure=f"{len(well)} of {len(names)}",
        beside=f"{rows[refused]['outcome']}: {rows[refused]['sentence']}",
        aim="all",
        met=len(well) == len(names) and "needs more than" in rows[refused]["sentence"],
        values={"inSync": len(well), "refused": rows[refused]["sentence"]},
    )


def _memory(peak: Peak, heavy: int) -> Iterator[Figure]:
    places, each = Budgets().evaluating, BOUNDS.memory
    assert each is not None
    yield _bound("evaluations at once", f"{peak.count}", peak.count, places, f"<= {places}")
    share = peak.together / (places * each)
    yield _bound(
        f"memory of all evaluations, of the bound, {heavy} hosts of 100 to 300 MB and one beyond it",
        f"{share:.0%}", share, 1.0, "<= 100%", f"{peak.together >> 20:,} MiB of {places} x {each >> 20:,} MiB",
    )  # fmt: skip
    share = peak.one / each
    yield _bound(
        "memory of the evaluation that wants too much, of its bound",
        f"{share:.0%}", share, 1.0, "<= 100%", f"{peak.one >> 20:,} MiB",
    )  # fmt: skip
    weight = peak.daemon / 1e6
    yield _bound("memory of the daemon meanwhile", f"{weight:,.0f} MB", weight, WEIGHT, f"<= {WEIGHT:g} MB")


def _bound(what: str, figure: str, value: float, most: float, aim: str, beside: str = "") -> Figure:
    return Figure("h", what, figure, beside, aim, value <= most, {"value": value, "most": most})


def _settled(running: Daemon) -> bool:
    """Whether every host is in sync, or was refused."""
    rows: list[dict[str, Any]] = running.status().get("resources", [])
    return bool(rows) and all(row["outcome"] in {"Done", "Failed"} for row in rows)


@contextmanager
def _watched(running: Daemon) -> Generator[Peak]:
    peak, stop = Peak(), threading.Event()

    def watch() -> None:
        while not stop.wait(_PAUSE):
            found = [_resident(pid) for pid in _children(running.process.pid)]
            found = [size for size in found if size]
            peak.together = max(peak.together, sum(found))
            peak.one = max(peak.one, *found, 0)
            peak.count = max(peak.count, len(found))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def _children(pid: int) -> list[int]:
    """Every process that a process started, by whichever of its threads."""
    found: list[int] = []
    for place in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(each) for each in _text(place).split()]
    return found


def _resident(pid: int) -> int:
    """Bytes of an evaluation in memory; 0 for what is none."""
    if "\0eval\0" not in _text(Path(f"/proc/{pid}/cmdline")):
        return 0
    lines = _text(Path(f"/proc/{pid}/status")).splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS")), 0)


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended
        return ""
