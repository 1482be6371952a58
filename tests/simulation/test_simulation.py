"""A few storms in every run of the tests, and the proof that a seed tells all; the many are `make simulate`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.mutate import caught
from tests.simulation.mutations import MUTATIONS
from tests.simulation.report import failure
from tests.simulation.simulation import simulate

ROOT = Path(__file__).parents[2]
FEW = range(1, 9)


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_lost_in_a_storm(seed: int) -> None:
    result = simulate(seed)
    assert not result.broken, "\n".join(failure(result))


@pytest.mark.parametrize(
    "name", ["no intent is journalled", "a stranger's object is ours", "everything is deleted"]
)
def test_a_rule_of_safety_that_is_gone_is_noticed(name: str) -> None:
    assert caught(name, 15)[0], "make simulate-mutations tells more"


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_rule_of_safety_that_is_to_be_taken_away_is_there(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTATIONS[name](monkeypatch)


def test_the_same_seed_is_the_same_run() -> None:
    first, second, other = simulate(3), simulate(3), simulate(4)
    assert (first.digest, first.counts, first.judged) == (second.digest, second.counts, second.judged)
    assert first.digest != other.digest


def test_a_seed_is_the_same_run_in_another_process() -> None:
    def digests(hashes: str) -> str:
        command = [
            sys.executable,
            "-m",
            "tests.simulation",
            "--seeds",
            "1",
            "--first",
            "2",
            "--processes",
            "1",
            "--digests",
        ]
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=170
        ).stdout

    assert digests("1") == digests("2") == f"2 {simulate(2).digest}\n"
