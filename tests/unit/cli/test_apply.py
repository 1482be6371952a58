"""`setpoint apply`: converges once, tells what it does, and ends by how it went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from setpoint.store.lock import StateLock
from tests.served import box
from tests.toy import WORLDS
from tests.unit.cli.conftest import Say
from tests.unit.cli.test_plan import Estate


@pytest.fixture
def estate(tmp_path: Path, say: Say, toy_installed: None) -> Iterator[Estate]:
    yield Estate(tmp_path, say)
    WORLDS.clear()


def test_it_makes_true_what_is_declared_and_tells_each_step(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"))
    said = estate.say("apply")
    assert said.code == 0
    assert estate.world.effects == ["create"]
    assert "Box/a: make the box\n" in said.err
    assert said.err.rstrip().endswith("Done: in sync")
    assert said.lines[0].startswith("Estate home, directory: ")
    assert [line.split()[:3] for line in said.lines[3:]] == [
        ["Box/a", "True", "Done"],
        ["Shelf/s", "True", "Done"],
    ]


def test_a_second_one_changes_nothing(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"))
    estate.say("apply")
    said = estate.say("apply", "-o", "json")
    assert said.code == 0
    assert {row["outcome"] for row in json.loads(said.out)["resources"]} == {"Done"}
    assert estate.world.effects == ["create"]


def test_what_is_held_ends_it_with_3(estate: Estate) -> None:
    estate.write(a=box("a", "size: 1"))
    estate.say("apply")
    estate.write(a=box("a", "size: 2"))
    said = estate.say("apply")
    assert said.code == 3
    assert "size takes effect after a restart" in said.out
    assert estate.world.effects == ["create", "set"]


def test_a_failure_ends_it_with_1_after_some_attempts(estate: Estate) -> None:
    estate.write(a=box("a"))
    estate.world.down = True
    said = estate.say("apply", "--timeout", "1m")
    assert said.code == 1
    assert "Failed" in said.out
    assert "not settled" not in said.err


def test_a_mistake_ends_it_with_1_and_the_neighbours_are_made(estate: Estate) -> None:
    estate.write(a=box("a"), b="kind: Box\nmetadata: {name: b}\nspec: {coluor: red}\n")
    said = estate.say("apply")
    assert said.code == 1
    assert "b.yaml:3:8: spec.coluor" in said.out
    assert estate.world.effects == ["create"]


def test_a_source_that_is_down_ends_it_with_1(estate: Estate) -> None:
    estate.settings("estate: home\nsource: {directory: {path: elsewhere}}\nstate: .\n")
    said = estate.say("apply")
    assert said.code == 1
    assert "cannot be read: No such file or directory" in said.out


def test_what_does_not_settle_in_time_ends_it_with_2(estate: Estate) -> None:
    estate.write(a=box("a"))
    estate.world.slow = True
    said = estate.say("apply", "--timeout", "2s")
    assert said.code == 2
    assert "setpoint: not settled within 2s" in said.err


def test_beside_a_daemon_it_refuses_and_names_resync(estate: Estate) -> None:
    with StateLock(estate.root):
        said = estate.say("apply")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"setpoint: the state directory {estate.root} is in use by process ")
    assert said.err.endswith("to have it look now: setpoint resync --all --wait\n")
    assert len(said.err.splitlines()) == 1
