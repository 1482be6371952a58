"""Counts verdicts per file and in all, and writes them for people and for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conformance.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conformance.explained import Explained
    from tests.conformance.model import Judgement, Trace

MOST_PLACES = 16
"""How many places of one entry are shown to people: a list in another order differs in all of them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries of each verdict; `covered` are the equal and the different ones."""

    equal: int = 0
    different: int = 0
    explained: int = 0
    artifact: int = 0
    unsupported: int = 0
    dependent: int = 0
    telling_equal: int = 0
    telling_covered: int = 0

    @property
    def covered(self) -> int:
        """The entries that were compared."""
        return self.equal + self.different

    @property
    def not_covered(self) -> int:
        """The entries that could not be compared."""
        return self.artifact + self.unsupported + self.dependent

    @property
    def share(self) -> float:
        """The equal ones of the covered ones, 1.0 when nothing is covered."""
        return self.equal / self.covered if self.covered else 1.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Result:
    """One file, judged."""

    trace: Trace
    judgements: tuple[Judgement, ...]
    explained: Explained

    @property
    def tally(self) -> Tally:
        """The count of this file."""
        return count(self.judgements, self.explained.entries)

    @property
    def complete(self) -> bool:
        """Whether every entry that is no remark was counted once."""
        return self.tally.covered + self.tally.not_covered == len(self.trace.entries) - len(
            self.trace.setup.remarks
        )

    @property
    def good(self) -> bool:
        """Whether nothing differs without explanation and no explanation is stale."""
        return self.complete and not self.explained.unlisted and not self.explained.stale


def count(judgements: Iterable[Judgement], explained: frozenset[int]) -> Tally:
    """Count verdicts; `explained` are the different entries that the list explains."""
    judgements = tuple(judgements)
    verdicts = Counter(judgement.verdict for judgement in judgements)
    telling = Counter(judgement.verdict for judgement in judgements if not judgement.trivial)
    return Tally(
        equal=verdicts[Verdict.EQUAL],
        different=verdicts[Verdict.DIFFERENT],
        explained=len(explained),
        artifact=verdicts[Verdict.ARTIFACT],
        unsupported=verdicts[Verdict.UNSUPPORTED],
        dependent=verdicts[Verdict.DEPENDENT],
        telling_equal=telling[Verdict.EQUAL],
        telling_covered=telling[Verdict.EQUAL] + telling[Verdict.DIFFERENT],
    )


def last_line(tally: Tally) -> str:
    """The line that sums up a run."""
    return (
        f"conformance: equal {tally.equal}/{tally.covered}"
        f" (non-trivial {tally.telling_equal}/{tally.telling_covered})"
        f" different {tally.different} (explained {tally.explained})"
        f" not-covered {tally.not_covered} (artefact {tally.artifact},"
        f" unsupported {tally.unsupported}, dependent {tally.dependent})"
    )


def table(results: Iterable[Result]) -> list[str]:
    """One line per file."""
    lines = [
        f"{'file':44} {'equal':>9} {'share':>7} {'differ':>6} {'expl.':>5} {'artef.':>6} {'unsupp.':>7} {'depend.':>7}"
    ]
    for result in results:
        tally = result.tally
        share = f"{tally.share:.1%}" if tally.covered else "-"
        lines.append(
            f"{result.trace.system + '/' + result.trace.file:44} {f'{tally.equal}/{tally.covered}':>9} {share:>7}"
            f" {tally.different:>6} {tally.explained:>5} {tally.artifact:>6} {tally.unsupported:>7}"
            f" {tally.dependent:>7}"
        )
    return lines


def complaints(result: Result) -> list[str]:
    """What makes a file fail, a line each."""
    lines = [f"{result.trace.file}: entries were not counted once each"] if not result.complete else []
    unlisted = {judgement.index for judgement, _ in result.explained.unlisted}
    lines += [
        f"{result.trace.file}: entry {result.trace.name(index)} differs without explanation"
        for index in sorted(unlisted)
    ]
    lines += [
        f"{result.trace.file}: the explanation of entry {item.entry}, {item.path}, is stale"
        for item in result.explained.stale
    ]
    return lines


def differences(result: Result, entry: str = "") -> list[str]:
    """Every difference of entries whose name contains `entry`: the entry, its request, the place, and both values."""
    lines: list[str] = []
    for judgement in result.judgements:
        name = result.trace.name(judgement.index)
        if judgement.verdict is Verdict.DIFFERENT and entry in name:
            mark = " (explained)" if judgement.index in result.explained.entries else ""
            lines.append(f"{result.trace.file} #{name}{mark} {judgement.request}")
            for item in judgement.differences[:MOST_PLACES]:
                lines += [
                    f"    {item.path}",
                    f"      recorded {item.recorded}",
                    f"      emulated {item.emulated}",
                ]
            if len(judgement.differences) > MOST_PLACES:
                lines.append(
                    f"    and {len(judgement.differences) - MOST_PLACES} places more; -o json shows all"
                )
    return lines


def as_json(result: Result) -> dict[str, object]:
    """One file for a program to read."""
    tally = result.tally
    return {
        "system": result.trace.system,
        "file": result.trace.file,
        "good": result.good,
        **{name: getattr(tally, name) for name in Tally.__slots__},
        "stale": [{"entry": item.entry, "path": item.path} for item in result.explained.stale],
        "entries": [
            {
                "entry": result.trace.name(judgement.index),
                "verdict": judgement.verdict.value,
                "request": judgement.request,
                "explained": judgement.index in result.explained.entries,
                "differences": [
                    {"path": item.path, "recorded": item.recorded, "emulated": item.emulated}
                    for item in judgement.differences
                ],
            }
            for judgement in result.judgements
        ],
    }
