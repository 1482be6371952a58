"""Which backups of a guest are kept: the newest of each hour, day and so on, as many as said. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Mark = str
"""`keep`, `remove`, `protected` or `renamed`."""

_PERIODS: tuple[tuple[str, Callable[[datetime], object]], ...] = (
    ("keep-last", datetime.timestamp),
    ("keep-hourly", lambda at: (at.year, at.month, at.day, at.hour)),
    ("keep-daily", lambda at: (at.year, at.month, at.day)),
    ("keep-weekly", lambda at: at.isocalendar()[:2]),
    ("keep-monthly", lambda at: (at.year, at.month)),
    ("keep-yearly", lambda at: at.year),
)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup of a guest; `named` is whether its name says when it was made, `ctime` in seconds."""

    volid: str
    ctime: int
    protected: bool = False
    named: bool = True


def mark_backups(backups: Sequence[Backup], keep: Mapping[str, int]) -> dict[str, Mark]:
    """What becomes of each backup of one guest, by volid; `keep` is such as `{"keep-last": 3}`."""
    marks = {backup.volid: _given(backup) for backup in backups if _given(backup)}
    free = sorted((each for each in backups if not _given(each)), key=lambda each: -each.ctime)
    if keep.get("keep-all") or not any(keep.get(name) for name, _ in _PERIODS):
        return marks | {backup.volid: "keep" for backup in free}
    for name, period in _PERIODS:
        _mark_newest(free, marks, keep.get(name, 0), period)
    return {backup.volid: "remove" for backup in free} | marks


def _given(backup: Backup) -> Mark:
    if not backup.named:
        return "renamed"
    return "protected" if backup.protected else ""


def _mark_newest(
    newest_first: Sequence[Backup], marks: dict[str, Mark], count: int, period: Callable[[datetime], object]
) -> None:
    """Keep the newest backup of each of `count` periods that no kept one stands for yet."""
    times = {backup.volid: period(datetime.fromtimestamp(backup.ctime, UTC)) for backup in newest_first}
    stood_for = {times[each.volid] for each in newest_first if marks.get(each.volid) == "keep"}
    taken: set[object] = set()
    for backup in newest_first:
        at = times[backup.volid]
        if backup.volid in marks or at in stood_for:
            continue
        if at in taken:
            marks[backup.volid] = "remove"
        elif len(taken) < count:
            taken.add(at)
            marks[backup.volid] = "keep"
        else:
            return
