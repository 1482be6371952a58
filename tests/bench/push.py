"""(b) How long it takes from a commit to the first call that changes something."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench import canned
from tests.bench.compiling import commit
from tests.bench.daemon import daemon
from tests.bench.estate import manifest
from tests.bench.figures import Figure, Spread
from tests.bench.forge import Estate, repository
from tests.bench.plan import Plan
from tests.bench.plant import SECRETS, declared, plant
from tests.systems.proxmox.drive import Lab

SIZE = 100
"""VMs beside the one that is changed."""
PATIENCE = 60.0


def measure(plan: Plan) -> Iterator[Figure]:
    """One line of one manifest, committed, pushed and told by a forge's signed call."""
    size = min(SIZE, plan.small)
    with plant(size) as lab:
        estate = _repository(plan.folder("push"), lab.url, size)
        with daemon(estate.folder) as running:
            running.in_sync()
            runs = [_pushed(estate, lab, number) for number in range(plan.runs)]
    whole, pushed, told = (Spread(tuple(run[name] for run in runs)) for name in ("whole", "git", "hook"))
    yield Figure(
        part="b",
        what=f"commit to first write, {size:,} VMs",
        figure=f"{whole.middle * 1e3:,.0f} ms",
        beside=f"{whole.show('.0f', 1e3)} ms: commit and push {pushed.middle * 1e3:.0f}, "
        f"from the forge's call {told.show('.0f', 1e3)}",
        values={"runs": runs},
    )


def _repository(root: Path, url: str, size: int) -> Estate:
    """The VMs of the plant."""
    texts = ((path, manifest(*parts)) for path, parts in declared(url, size).items())
    return repository(root, texts, SECRETS)


def _pushed(estate: Estate, lab: Lab, number: int) -> dict[str, float]:
    name, before = canned.name(number % 3), len(lab.get("ledger"))
    change = {**canned.spec(number % 3), "description": f"Change number {number}."}
    (estate.folder.declarations / f"{name}.yaml").write_text(manifest("VirtualMachine", name, change))
    began = time.time()
    commit(estate.folder.declarations, f"Describe {name}")
    estate.push()
    pushed = time.time()
    estate.ring()
    wrote = _first_write(lab, before)["time"]
    _rest(lab)
    return {"whole": wrote - began, "git": pushed - began, "hook": wrote - pushed}


def _first_write(lab: Lab, before: int) -> Mapping[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ledger = lab.get("ledger")
        if len(ledger) > before:
            found: Mapping[str, Any] = ledger[before]
            return found
        time.sleep(0.01)
    raise TimeoutError("nothing was written")


def _rest(lab: Lab) -> None:
    """Wait until no more is written for a second."""
    before = -1
    while (now := len(lab.get("ledger"))) != before:
        before = now
        time.sleep(1)
