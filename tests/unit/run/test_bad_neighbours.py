"""All the bad manifests of the compiler's tests in one estate: each beside a neighbour, and every neighbour converges."""

from __future__ import annotations

from pathlib import Path

import pytest

from setpoint.model.key import Key
from setpoint.store.store import Store
from tests.toy import WORLDS, World
from tests.unit.desired.test_bad_manifests import ENVELOPE, YAML
from tests.unit.run.test_supervisor import SHELF, Daemon, box, fresh, running

CASES = {name: text for name, (text, _) in {**YAML, **ENVELOPE}.items() if "kind: Thing" in text}


@pytest.fixture
def estate(tmp_path: Path) -> Daemon:
    folder = tmp_path / "estate"
    for number, text in enumerate(CASES.values()):
        case = folder / f"case{number}"
        case.mkdir(parents=True)
        mistaken = text.replace("kind: Thing", "kind: Box").replace("name: bad", f"name: bad{number}")
        (case / "bad.yaml").write_text(mistaken)
        (case / "good.yaml").write_text(box(f"good{number}", "colour: red"))
    (folder / "shelf.yaml").write_text(SHELF)
    world = WORLDS["w"] = World()
    return fresh(folder, world, Store.in_memory())


async def test_beside_every_bad_manifest_the_neighbour_converges(estate: Daemon) -> None:
    good = [Key("default", "Box", f"good{number}") for number in range(len(CASES))]

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: all(daemon.outcome(key) == "Done" for key in good))
        told = {problem.origin.path for problem in daemon.supervisor.estate.problems}
        assert told == {f"case{number}/bad.yaml" for number in range(len(CASES))}

    await running(estate, body)
    assert len(estate.world.things) == len(CASES)
    assert len(CASES) >= 30
