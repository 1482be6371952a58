"""(a) How many resources a second go through the whole pipeline when there is nothing to do, beside kopf."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.child import Child, child
from tests.bench.estate import prepare, things
from tests.bench.figures import Figure, Spread
from tests.bench.plan import PEER, Plan

AIM = 10.0
"""Times the rate of kopf with a handler that does nothing."""
HERE = Path(__file__).parent
PROFILED = "null"


def measure(plan: Plan) -> Iterator[Figure]:
    """A line per side and size; the sides of a size take turns."""
    for size in plan.sizes:
        yield from _size(plan, size)


def _size(plan: Plan, size: int) -> Iterator[Figure]:
    root = plan.folder(f"throughput-{size}")
    with ExitStack() as stack:
        sides = {"null": stack.enter_context(engine("null", root, size))}
        if PEER.exists():
            for mode in ("event", "update"):
                sides[f"kopf {mode}"] = stack.enter_context(kopf(mode, root, size))
        for side in sides.values():
            side.ask("round")  # the first one warms up
        told: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for _ in range(plan.rounds):
            for name, side in sides.items():
                told[name].append(side.ask("round"))
        if plan.profile is not None and size == plan.small:
            sides[PROFILED].ask(f"profile {plan.profile}")
    rates = {name: Spread(tuple(r["count"] / r["seconds"] for r in rounds)) for name, rounds in told.items()}
    cpu = {name: Spread(tuple(r["cpu"] / r["count"] for r in rounds)) for name, rounds in told.items()}
    yield from _compare(size, rates, cpu)


def _compare(size: int, rates: dict[str, Spread], cpu: dict[str, Spread]) -> Iterator[Figure]:
    ours = rates["null"]
    beside = f"{ours.show()} reconciles/s, {cpu['null'].middle * 1e6:,.0f} us CPU each"
    values = {name: {"perSecond": rates[name].runs, "cpuSeconds": cpu[name].runs} for name in rates}
    for peer, what, aim in (
        ("kopf event", "on.event, nothing written", AIM),
        ("kopf update", "on.update, status written", None),
    ):
        if peer not in rates:
            yield Figure("a", f"null kind, {size:,}", "kopf is not installed", beside, values=values)
            return
        ratio = ours.middle / rates[peer].middle
        yield Figure(
            part="a",
            what=f"null kind / kopf {what}, {size:,}",
            figure=f"{ratio:.2f} x",
            beside=f"{beside}; kopf {rates[peer].show()}/s, {cpu[peer].middle * 1e6:,.0f} us CPU each",
            aim=f">= {aim:g} x" if aim else "",
            met=ratio >= aim if aim else None,
            values={**values, "ratio": ratio},
        )


@contextmanager
def engine(name: str, root: Path, size: int) -> Generator[Child]:
    """The engine over `size` resources that are as declared."""
    folder = prepare(root / name, things(size))
    command = (sys.executable, "-m", "tests.bench.engine_side")
    with child(f"setpoint ({name})", command, folder.root / "errors", folder.environment) as side:
        yield side


@contextmanager
def kopf(mode: str, root: Path, size: int) -> Generator[Child]:
    """An operator over as many objects, and beside it the API that it watches, in a process of its own."""
    python, name = str(PEER), f"kopf-{mode}"
    with child("kube", (python, str(HERE / "kube.py"), str(size)), root / f"{name}-kube") as kube:
        command = (python, str(HERE / "kopf_side.py"), kube.told["url"], mode, str(size))
        with child(name, command, root / name) as side:
            yield side
