"""Whatever happens to the source, what was declared before stays in force and goes on being corrected."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.sources.git import GitSource
from setpoint.sources.process import Git
from setpoint.sources.source import Limits
from setpoint.store.store import Store
from setpoint.store.thread import StoreThread
from tests.toy import KINDS, WORLDS, World
from tests.unit.run.test_supervisor import SHELF, Daemon, box, running
from tests.unit.sources.repository import Repository

pytestmark = pytest.mark.integration

A, B = Key("default", "Box", "a"), Key("default", "Box", "b")
GOOD = {"shelf.yaml": SHELF.encode(), "a.yaml": box("a", "colour: red").encode(), "b.yaml": box("b").encode()}
BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(ord("a"), ord("i"))
)
LIMITS = Limits(files=50)


def vanish(repository: Repository, _head: str) -> str:
    shutil.move(repository.path, repository.path.with_suffix(".away"))
    return ""


def empty(repository: Repository, head: str) -> str:
    return repository.commit({}, parent=head)


def grow(repository: Repository, head: str) -> str:
    many = {f"more{n}.yaml": b"# %06d\n" % n * 1000 for n in range(49)}
    return repository.commit({**GOOD, **many}, parent=head)


def rewrite(repository: Repository, _head: str) -> str:
    return repository.commit({**GOOD, "c.yaml": box("c").encode()})


SOURCE_FAILURES: dict[str, tuple[Callable[[Repository, str], str], list[str]]] = {
    "unreachable": (vanish, ["estate.git", "; "]),
    "empty": (empty, ["{commit}", "declares nothing", "check the branch"]),
    "huge": (grow, ["{commit}", "; "]),
    "force-pushed": (rewrite, ["{commit}", "{head}", "setpoint approve"]),
}
FILE_FAILURES: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (b"kind: Box\nmetadata: {name: b}\nspec: {colour: \xff\xfe}\n", "UTF-8"),
    "a YAML bomb": (BOMB, "values"),
    "a huge file": (b"# long\n" * 200_000, "b.yaml"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "estate.git")


@pytest.fixture
def daemon(repository: Repository, tmp_path: Path) -> Daemon:
    world = WORLDS["w"] = World()
    store = Store.open(tmp_path / "state.db")
    git = Git(tmp_path / "mirror.git")
    source = GitSource(str(repository.path), git, poll=timedelta(seconds=1), limits=LIMITS)
    estate = Estate("home", KINDS, store, StoreThread(), Ports())
    return Daemon(tmp_path, world, store, Supervisor(estate, source))


async def goes_on(daemon: Daemon, key: Key) -> None:
    """A change made by hand is corrected."""
    item = daemon.store.item(key)
    assert item is not None
    thing = daemon.world.things[int(str(item.identity["id"]))]
    thing.fields["colour"] = "blue"
    await daemon.supervisor.resync([key], "anna")
    await daemon.until(lambda: thing.fields["colour"] == "red")


@pytest.mark.parametrize(("fail", "says"), SOURCE_FAILURES.values(), ids=SOURCE_FAILURES.keys())
async def test_a_failing_source_says_what_and_why_and_the_estate_goes_on(
    repository: Repository, daemon: Daemon, fail: Callable[[Repository, str], str], says: list[str]
) -> None:
    head = repository.commit(GOOD)

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")
        commit = fail(repository, head)
        daemon.supervisor.source.poke()
        await daemon.until(lambda: not daemon.supervisor.estate.source.good)
        sentence = daemon.supervisor.estate.source.sentence
        for part in says:
            assert part.format(commit=commit[:12], head=head[:12]) in sentence
        assert set(daemon.supervisor.estate.resources) >= {A, B}
        await goes_on(daemon, A)

    await running(daemon, body)
    assert len(daemon.world.things) == 2
    assert daemon.world.effects.count("create") == 2


@pytest.mark.parametrize(("content", "says"), FILE_FAILURES.values(), ids=FILE_FAILURES.keys())
async def test_a_bad_file_is_named_with_its_commit_and_its_neighbours_converge(
    repository: Repository, daemon: Daemon, content: bytes, says: str
) -> None:
    head = repository.commit(GOOD)

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")
        commit = repository.commit(
            {**GOOD, "a.yaml": box("a", "colour: red, labels: [new]").encode(), "b.yaml": content},
            parent=head,
        )
        daemon.supervisor.source.poke()
        estate = daemon.supervisor.estate
        await daemon.until(lambda: bool(estate.problems))
        assert estate.version == commit
        (problem,) = estate.problems
        assert problem.origin.path == "b.yaml"
        assert says in str(problem)
        assert problem.remedy
        await daemon.until(
            lambda: any(t.fields.get("labels") == ["new"] for t in daemon.world.things.values())
        )
        await goes_on(daemon, A)
        assert B in estate.retained

    await running(daemon, body)
    assert len(daemon.world.things) == 2
