"""The committed list of differences that have an honest reason; it is the one place that names files and entries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.conformance.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.conformance.model import Difference, Judgement

LIST = Path(__file__).with_name("explained.json")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the emulated value at `path` of one entry's reply may differ: a race, a random order, a guest's inside.

    `entry` is its number in the file, or the name of its file where `file` is a folder.
    """

    system: str
    file: str
    entry: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What the list makes of one file's differences."""

    entries: frozenset[int]
    unlisted: tuple[tuple[Judgement, Difference], ...]
    stale: tuple[Explanation, ...]


def load_explanations(path: Path = LIST) -> tuple[Explanation, ...]:
    """Read the list."""
    raw = cast("list[dict[str, str | int]]", json.loads(path.read_text("utf-8")))
    return tuple(
        Explanation(
            str(item["system"]), str(item["file"]), str(item["entry"]), str(item["path"]), str(item["reason"])
        )
        for item in raw
    )


def explain(
    listed: Iterable[Explanation], judgements: Sequence[Judgement], name: Callable[[int], str]
) -> Explained:
    """Hold the differences of one file against the explanations of that file; `name` is that of an entry."""
    known = {(item.entry, item.path): item for item in listed}
    found = [
        (judgement, difference)
        for judgement in judgements
        if judgement.verdict is Verdict.DIFFERENT
        for difference in judgement.differences
    ]
    unlisted = tuple((j, d) for j, d in found if (name(j.index), d.path) not in known)
    used = {(name(j.index), d.path) for j, d in found}
    unexplained = {j.index for j, _ in unlisted}
    return Explained(
        entries=frozenset(j.index for j, _ in found if j.index not in unexplained),
        unlisted=unlisted,
        stale=tuple(item for key, item in known.items() if key not in used),
    )
