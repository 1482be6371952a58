"""A branch that is pushed back to an old commit: it is not followed, and what it lacks is not deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.store.store import Store
from setpoint.store.thread import StoreThread
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import ApproveBody, StatusQuery
from tests.toy import KINDS, WORLDS, World
from tests.unit.run.departing import AT_ONCE, boxes, shelf
from tests.unit.sources.repository import Repository

pytestmark = pytest.mark.integration


async def test_nothing_goes_with_a_force_push_and_after_it_is_approved_the_limit_holds(
    tmp_path: Path,
) -> None:
    world = WORLDS["w"] = World()
    repository = Repository.make(tmp_path / "estate.git")
    old = repository.commit(_bytes({**shelf(), **boxes(2, **AT_ONCE)}))
    repository.commit(_bytes({**shelf(), **boxes(9, **AT_ONCE)}), parent=old)
    store, calls = Store.open(tmp_path / "setpoint.db"), StoreThread()
    source = GitSource(str(repository.path), Git(tmp_path / "mirror"))
    supervisor = Supervisor(Estate("home", KINDS, store, calls, Ports()), source)
    answers, stop = Answers(supervisor), asyncio.Event()
    with capture_logs():
        running = asyncio.create_task(supervisor.run(stop))
        async with asyncio.timeout(60):
            await supervisor.settle(0.0)
            assert len(world.things) == 9

            repository.git("update-ref", "refs/heads/main", old)
            await supervisor.look()
            await supervisor.settle(0.0)
            status = await answers.status(StatusQuery())
            assert (status["source"]["good"], status["deletions"]) == (False, [])
            assert "history" in status["source"]["sentence"]

            await answers.approve(ApproveBody(token=status["source"]["token"]), "anna")
            while len((status := await answers.status(StatusQuery()))["deletions"]) < 7:
                await asyncio.sleep(0.05)
            await supervisor.settle(0.0)
            (held,) = status["heldSets"]
            assert len(held["keys"]) == 7
        stop.set()
        await running
    await calls.close()
    store.close()
    assert (len(world.things), {*world.effects}) == (9, {"create"})
    WORLDS.clear()


def _bytes(files: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}
