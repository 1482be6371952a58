"""Every recorded exchange against the emulators: nothing differs without an explanation, and no explanation is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.conformance.check import check_run
from tests.conformance.corrupt import corrupted
from tests.conformance.dependence import Unsupported
from tests.conformance.judge import judge
from tests.conformance.lab import HELD, emulator
from tests.conformance.load import reference, systems
from tests.conformance.model import Answer, Exchange, Probe, Remark, Reply, Run, Trace, Verdict
from tests.conformance.report import Result, Tally, complaints
from tests.conformance.systems import SYSTEMS

REFERENCE = reference()
RECORDED = [
    (system, path)
    for system in systems(REFERENCE)
    if system in SYSTEMS
    for path in SYSTEMS[system].traces(REFERENCE)
]
FILES = [(system, path) for system, path in RECORDED if system in HELD]
SHARE = 0.95
CORRUPTED = 50

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FILES, reason=f"no recorded exchanges at {REFERENCE}; set SETPOINT_REFERENCE"),
]


Play = Callable[[Trace], Run]


@pytest.fixture(scope="session")
def player() -> Iterator[Callable[[str], Play]]:
    """What plays the traces of a system against its emulator, which runs until the last test."""
    with ExitStack() as running:
        players: dict[str, Play] = {}

        def start(system: str) -> Play:
            if system not in players:
                address = running.enter_context(emulator(system))
                players[system] = SYSTEMS[system].player(REFERENCE, address)
            return players[system]

        yield start


@pytest.fixture(scope="session")
def judged(player: Callable[[str], Play]) -> Callable[[str, Path], Result]:
    """The result of a file, which is played once."""

    @cache
    def judge_file(system: str, path: Path) -> Result:
        return check_run(player(system)(SYSTEMS[system].load(REFERENCE, path)))

    return judge_file


@pytest.mark.parametrize(("system", "path"), FILES, ids=[path.stem for _, path in FILES])
def test_a_file_is_answered_as_recorded(
    system: str, path: Path, judged: Callable[[str, Path], Result]
) -> None:
    result = judged(system, path)
    assert complaints(result) == []
    assert result.complete
    assert result.trace.names or result.tally.share >= SHARE


@pytest.mark.parametrize("system", HELD)
def test_nearly_all_of_a_system_is_equal_and_not_only_explained(
    system: str, judged: Callable[[str, Path], Result]
) -> None:
    tallies = [judged(held, path).tally for held, path in FILES if held == system]
    assert sum(tallies, Tally()).share >= SHARE


@pytest.mark.parametrize(("system", "path"), RECORDED, ids=[path.stem for _, path in RECORDED])
def test_a_recording_is_equal_to_itself_but_for_secrets_that_were_cut(system: str, path: Path) -> None:
    judgements = judge(_itself(SYSTEMS[system].load(REFERENCE, path)), Unsupported(()))
    found = [difference for judgement in judgements for difference in judgement.differences]
    assert [difference for difference in found if "<cut>" not in difference.recorded] == []


@pytest.mark.parametrize("system", sorted({system for system, _ in RECORDED}))
def test_one_spoiled_field_in_fifty_replies_gives_fifty_differences(
    system: str, player: Callable[[str], Play]
) -> None:
    play = player(system) if system in HELD else _itself
    spoiled = 0
    for path in SYSTEMS[system].traces(REFERENCE):
        run = play(SYSTEMS[system].load(REFERENCE, path))
        before = _verdicts(run)
        chosen = [
            index
            for index, verdict in before.items()
            if verdict is Verdict.EQUAL and isinstance(run.trace.entries[index], Exchange)
        ][: CORRUPTED - spoiled]
        for number, index in enumerate(chosen):
            run = corrupted(run, index, number)
        after = _verdicts(run)
        assert {index for index in before if before[index] is not after[index]} == set(chosen)
        assert all(after[index] is Verdict.DIFFERENT for index in chosen)
        spoiled += len(chosen)
        if spoiled == CORRUPTED:
            return
    pytest.fail(f"only {spoiled} replies were equal")


def _itself(trace: Trace) -> Run:
    """The recording as if it had been played."""
    answers = {entry.index: _recorded(entry) for entry in trace.entries if not isinstance(entry, Remark)}
    return Run(trace, answers)


def _recorded(entry: Exchange | Probe) -> Answer:
    if isinstance(entry, Exchange):
        return Answer(entry.request.method, entry.request.path, entry.reply)
    return Answer(entry.method or "PUT", "/", Reply(200, "OK", dict(entry.columns)))


def _verdicts(run: Run) -> dict[int, Verdict]:
    return {judgement.index: judgement.verdict for judgement in check_run(run).judgements}
