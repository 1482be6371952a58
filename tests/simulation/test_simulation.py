"""A few storms in every run of the tests, and the proof that a seed tells all; the many are `make simulate`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.report import failure
from tests.simulation.simulation import simulate

ROOT = Path(__file__).parents[2]
FEW = range(1, 11)


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_lost_in_a_storm(seed: int) -> None:
    result = simulate(seed)
    assert not result.broken, "\n".join(failure(result))


def test_the_same_seed_is_the_same_run() -> None:
    first, second, other = simulate(3), simulate(3), simulate(4)
    assert (first.digest, first.counts, first.judged) == (second.digest, second.counts, second.judged)
    assert first.digest != other.digest


def test_a_seed_is_the_same_run_in_another_process() -> None:
    def digests(hashes: str) -> str:
        command = [sys.executable, "-m", "tests.simulation", "--seeds", "2", "--processes", "1", "--digests"]
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout

    assert digests("1") == digests("2") == "".join(f"{n} {simulate(n).digest}\n" for n in (1, 2))
