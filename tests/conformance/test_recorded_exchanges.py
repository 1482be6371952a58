"""Every recorded exchange against the emulators: nothing differs without an explanation, and no explanation is stale."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.conformance.check import check_run, check_trace
from tests.conformance.corrupt import corrupted
from tests.conformance.dependence import Unsupported
from tests.conformance.judge import judge
from tests.conformance.lab import EMULATORS, emulator
from tests.conformance.load import load_trace, reference, systems, trace_files
from tests.conformance.model import Answer, Exchange, Probe, Remark, Reply, Run, Verdict
from tests.conformance.replay import Replay
from tests.conformance.report import complaints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REFERENCE = reference()
FILES = [
    (system, path)
    for system in systems(REFERENCE)
    if system in EMULATORS
    for path in trace_files(REFERENCE, system)
]
SHARE = 0.95
CORRUPTED = 50

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FILES, reason=f"no recorded exchanges at {REFERENCE}; set SETPOINT_REFERENCE"),
]


@pytest.fixture(scope="session")
def address() -> Iterator[Callable[[str], str]]:
    """The address of a system's emulator, which runs until the last test."""
    with ExitStack() as running:
        addresses = {
            system: running.enter_context(emulator(system)) for system in {system for system, _ in FILES}
        }
        yield addresses.__getitem__


@pytest.mark.parametrize(("system", "path"), FILES, ids=[path.stem for _, path in FILES])
def test_a_file_is_answered_as_recorded(system: str, path: Path, address: Callable[[str], str]) -> None:
    result = check_trace(load_trace(REFERENCE, system, path), address(system))
    assert complaints(result) == []
    assert result.complete
    assert result.tally.share >= SHARE


@pytest.mark.parametrize(("system", "path"), FILES, ids=[path.stem for _, path in FILES])
def test_a_recording_is_equal_to_itself_but_for_secrets_that_were_cut(system: str, path: Path) -> None:
    trace = load_trace(REFERENCE, system, path)
    answers = {entry.index: _recorded(entry) for entry in trace.entries if not isinstance(entry, Remark)}
    judgements = judge(Run(trace, answers), Unsupported(()))
    found = [difference for judgement in judgements for difference in judgement.differences]
    assert [difference for difference in found if "<cut>" not in difference.recorded] == []


def test_one_spoiled_field_in_fifty_replies_gives_fifty_differences(address: Callable[[str], str]) -> None:
    spoiled = 0
    for system, path in FILES:
        run = Replay(load_trace(REFERENCE, system, path), address(system)).run()
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


def _recorded(entry: Exchange | Probe) -> Answer:
    if isinstance(entry, Exchange):
        return Answer(entry.request.method, entry.request.path, entry.reply)
    return Answer(entry.method or "PUT", "/", Reply(200, "OK", dict(entry.columns)))


def _verdicts(run: Run) -> dict[int, Verdict]:
    return {judgement.index: judgement.verdict for judgement in check_run(run).judgements}
