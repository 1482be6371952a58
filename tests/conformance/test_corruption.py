"""The comparison notices what it must: one spoiled field in one reply is one different entry, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.corrupt import compared_places, corrupted
from tests.conformance.dependence import Unsupported
from tests.conformance.judge import judge
from tests.conformance.model import Exchange, Verdict
from tests.conformance.proxmox import PROXMOX
from tests.conformance.test_replayer import CONFIG, CREATE, RENAME, RENAMED, STALE, STOPPED

if TYPE_CHECKING:
    from tests.conformance.conftest import Bench
    from tests.conformance.model import Run

NOTHING = Unsupported([])


def different(run: Run) -> list[int]:
    return [judgement.index for judgement in judge(run, NOTHING) if judgement.verdict is Verdict.DIFFERENT]


async def test_every_compared_field_of_every_reply_counts(bench: Bench) -> None:
    run = await bench.replay([CREATE, STOPPED, CONFIG, RENAME, STALE, RENAMED])
    assert different(run) == []
    for index, answer in run.answers.items():
        entry = run.trace.entries[index]
        assert isinstance(entry, Exchange)
        for choice in range(len(compared_places(PROXMOX, entry, answer.reply))):
            assert different(corrupted(run, index, choice)) == [index]
