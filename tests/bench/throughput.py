"""(a) How many resources a second go through the whole pipeline when there is nothing to do, beside kopf."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
    """A line per pair of sides and size; the sides of a size take turns. Only what the aim is about also for many."""
    for size in plan.sizes:
        kinds = LABELS if size == plan.small else {AIMED[0]: LABELS[AIMED[0]]}
        modes = PEERS if size == plan.small else {AIMED[1]: PEERS[AIMED[1]]}
        told = _measured(plan, size, kinds, modes if PEER.exists() else ())
        for kind in kinds:
            for mode in modes:
                yield _ratio(kind, mode, size, told)


@dataclass(frozen=True)
class Told:
    """What the rounds of a side told: things done in a second, and CPU seconds of its process for each."""

    rate: Spread
    cpu: Spread

    @classmethod
    def of(cls, rounds: list[dict[str, Any]]) -> Told:
        rate = Spread(tuple(one["count"] / one["seconds"] for one in rounds))
        return cls(rate, Spread(tuple(one["cpu"] / one["count"] for one in rounds)))

    def __str__(self) -> str:
        return f"{self.rate.show()}/s, {self.cpu.middle * 1e6:,.0f} us CPU each"


def _measured(plan: Plan, size: int, kinds: Iterable[str], modes: Iterable[str]) -> dict[str, Told]:
    root = plan.folder(f"throughput-{size}")
    with ExitStack() as stack:
        sides = {kind: stack.enter_context(engine(kind, root, size)) for kind in kinds}
        sides |= {mode: stack.enter_context(kopf(mode, root, size)) for mode in modes}
        told = take_turns(sides, plan.rounds)
        if plan.profile is not None and size == plan.small:
            for kind in kinds:
                sides[kind].ask(f"profile {plan.profile.with_suffix(f'.{kind}.txt')}")
    return {name: Told.of(rounds) for name, rounds in told.items()}


def _ratio(kind: str, mode: str, size: int, told: Mapping[str, Told]) -> Figure:
    what, ours = f"{LABELS[kind]} / kopf {PEERS[mode]}, {size:,}", told[kind]
    values: dict[str, Any] = {"perSecond": ours.rate.runs, "cpuSeconds": ours.cpu.runs}
    if mode not in told:
        return Figure("a", what, "no kopf here", str(ours), values=values)
    theirs, aimed = told[mode], (kind, mode) == AIMED
    ratio, by_cpu = ours.rate.middle / theirs.rate.middle, theirs.cpu.middle / ours.cpu.middle
    values |= {"ratio": ratio, "ratioByCpu": by_cpu}
    values |= {"peerPerSecond": theirs.rate.runs, "peerCpuSeconds": theirs.cpu.runs}
    return Figure(
        part="a",
        what=what,
        figure=f"{ratio:.2f} x",
        beside=f"by CPU {by_cpu:.2f} x; {ours}; kopf {theirs}",
        aim=f">= {AIM:g} x" if aimed else "",
        met=ratio >= AIM if aimed else None,
        values=values,
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
