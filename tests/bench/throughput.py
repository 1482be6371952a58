"""(a) How many resources a second go through the whole pipeline when there is nothing to do, beside kopf."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.child import Child, child
from tests.bench.estate import KINDS, prepare
from tests.bench.figures import Figure, Spread
from tests.bench.plan import PEER, Plan

AIM = 10.0
"""Times the rate of kopf with a handler that does nothing."""
HERE = Path(__file__).parent
LABELS = {"null": "null kind", "vm": "VM, canned replies"}
PEERS = {"event": "on.event, nothing written", "update": "on.update, status written"}
AIMED = ("null", "event")


def measure(plan: Plan) -> Iterator[Figure]:
    """A line per side and size; the sides of a size take turns."""
    for size in plan.sizes:
        yield from _size(plan, size)


def _size(plan: Plan, size: int) -> Iterator[Figure]:
    root = plan.folder(f"throughput-{size}")
    with ExitStack() as stack:
        sides = {kind: stack.enter_context(engine(kind, root, size)) for kind in KINDS}
        if PEER.exists():
            for mode in PEERS:
                sides[mode] = stack.enter_context(kopf(mode, root, size))
        told = take_turns(sides, plan.rounds)
        if plan.profile is not None and size == plan.small:
            for kind in KINDS:
                sides[kind].ask(f"profile {plan.profile.with_suffix(f'.{kind}.txt')}")
    rates = {name: Spread(tuple(r["count"] / r["seconds"] for r in rounds)) for name, rounds in told.items()}
    cpu = {name: Spread(tuple(r["cpu"] / r["count"] for r in rounds)) for name, rounds in told.items()}
    values = {name: {"perSecond": rates[name].runs, "cpuSeconds": cpu[name].runs} for name in rates}
    for kind, label in LABELS.items():
        for mode, what in PEERS.items():
            name = f"{label} / kopf {what}, {size:,}"
            beside = f"{_told(rates[kind], cpu[kind])} each"
            if mode not in rates:
                yield Figure("a", name, "no kopf here", beside, values=values)
                continue
            ratio = rates[kind].middle / rates[mode].middle
            aimed = (kind, mode) == AIMED
            yield Figure(
                part="a",
                what=name,
                figure=f"{ratio:.2f} x",
                beside=f"{beside}; kopf {_told(rates[mode], cpu[mode])}",
                aim=f">= {AIM:g} x" if aimed else "",
                met=ratio >= AIM if aimed else None,
                values={**values, "ratio": ratio},
            )


def take_turns(sides: Mapping[str, Child], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What each side says of each of its rounds, one round warming up left aside."""
    for side in sides.values():
        side.ask("round")
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            told[name].append(side.ask("round"))
    return told


def _told(rate: Spread, cpu: Spread) -> str:
    return f"{rate.show()}/s, {cpu.middle * 1e6:,.0f} us CPU"


@contextmanager
def engine(kind: str, root: Path, size: int) -> Generator[Child]:
    """The engine over `size` resources that are as declared."""
    folder = prepare(root / kind, KINDS[kind](size))
    command = (sys.executable, "-m", "tests.bench.engine_side")
    with child(f"setpoint ({kind})", command, folder.root / "errors", folder.environment) as side:
        yield side


@contextmanager
def kopf(mode: str, root: Path, size: int) -> Generator[Child]:
    """An operator over as many objects, and beside it the API that it watches, in a process of its own."""
    python, name = str(PEER), f"kopf-{mode}"
    with child("kube", (python, str(HERE / "kube.py"), str(size)), root / f"{name}-kube") as kube:
        command = (python, str(HERE / "kopf_side.py"), kube.told["url"], mode, str(size))
        with child(name, command, root / name) as side:
            yield side
