"""Which entries an object's journal is to get. What is there already is read from the journal itself, so a restart repeats none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, assert_never

from setpoint.model.printable import printable
from setpoint.model.standing import Happening, Stand, Standing, Weight
from setpoint_netbox.report.settings import Journal
from setpoint_netbox.watch.types import field_of

QUIET: Final = 86_400.0
"""Seconds for which more of the same makes no second entry."""
MOST: Final = 10
"""Entries of an object within that time."""
_MARK: Final = re.compile(r"`setpoint ref ([0-9a-f]{12})`\s*$")
_STEERING: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:/@])")
"""What Markdown, or a browser, could take for more than text."""


@dataclass(frozen=True)
class Entry:
    """An entry that is to be written."""

    kind: str
    comments: str
    ref: str


@dataclass(frozen=True)
class Written:
    """An entry of ours that is there; `at` is when it was made, seconds since the epoch."""

    ref: str
    kind: str
    at: float


def worth(standing: Standing, journal: Journal) -> tuple[Happening, ...]:
    """What happened and belongs into the journal, as it was asked for."""
    match journal:
        case Journal.NONE:
            return ()
        case Journal.FAILURES:
            return tuple(one for one in standing.happened if one.weight is not Weight.DECISION)
        case Journal.ALL:
            return standing.happened
    assert_never(journal)


def ref_of(estate: str, standing: Standing, token: str) -> str:
    """What an entry bears, to be known again."""
    return sha256(f"{estate}\0{standing.path}\0{token}".encode()).hexdigest()[:12]


def entries(
    estate: str, standing: Standing, happened: Sequence[Happening], written: Iterable[Written], now: float
) -> list[Entry]:
    """What the journal lacks; nothing that it told within a day, and never more than a few a day."""
    there = sorted(written, key=lambda one: one.at)
    recent = {one.ref for one in there if now - one.at < QUIET}
    lacking = [_entry(estate, standing, one) for one in happened]
    lacking += _recovery(estate, standing, there)
    return [one for one in lacking if one.ref not in recent][: max(0, MOST - len(recent))]


def ours(rows: Iterable[Mapping[str, Any]], object_id: int) -> list[Written]:
    """Those of the entries that are ours; a filter that NetBox ignored gives those of other objects too."""
    found: list[Written] = []
    for row in rows:
        mark = _MARK.search(str(row.get("comments", "")))
        if mark is not None and row.get("assigned_object_id") == object_id:
            found.append(Written(mark[1], _kind(row.get("kind")), _moment(row.get("created"))))
    return found


def escape(text: str) -> str:
    """A text of others as Markdown that shows just that."""
    return _STEERING.sub(r"\\\1", printable(text))


def _entry(estate: str, standing: Standing, one: Happening) -> Entry:
    kind = "danger" if one.weight is Weight.BAD else "warning"
    ref = ref_of(estate, standing, one.token)
    return Entry(kind, _comments(standing, one.reason, one.sentence, ref), ref)


def _recovery(estate: str, standing: Standing, there: Sequence[Written]) -> list[Entry]:
    """The last that was told is that it went wrong, and now it is well."""
    last = there[-1] if there else None
    if standing.phase is not Stand.IN_SYNC or last is None or last.kind != "danger":
        return []
    # Not the same again for the next failure of this kind, which is another entry by then.
    ref = ref_of(estate, standing, f"recovered {last.ref} {last.at:.0f}")
    return [Entry("success", _comments(standing, "InSync", "it is as declared again", ref), ref)]


def _comments(standing: Standing, reason: str, sentence: str, ref: str) -> str:
    key = f" {escape(str(standing.key))}" if standing.key is not None else ""
    return f"**Setpoint{key}: {escape(reason)}**\n\n{escape(sentence)}\n\n`setpoint ref {ref}`"


def _kind(value: Any) -> str:
    return str(field_of(value, "value") or value)


def _moment(value: Any) -> float:
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return 0.0
