"""Which rows a person means: by the names of one kind, its keys, or selectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from setpoint.cli.pick import Row, pick
from setpoint.model.errors import SetpointError
from setpoint.model.selector import select
from setpoint.model.selector_text import parse_selector


def chosen(
    rows: Sequence[dict[str, Any]],
    words: Sequence[str],
    *,
    kind: str,
    namespace: str,
    only: str | None,
    selector: str | None,
) -> list[dict[str, Any]]:
    """The rows of a kind that are meant: each word is a name, a key or a selector; all of them without any.

    Raises:
        SetpointError: nothing is meant by a word.
    """
    every = [row for row in rows if row["kind"] == kind]
    if not every:
        raise SetpointError(f"no {kind} is declared", remedy=f"declare one; see setpoint explain {kind}")
    every = pick(every, (), namespace, only, selector)
    if not words:
        return every
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        found |= {row["key"]: row for row in _meant(every, word, kind, namespace)}
    return [row for row in every if row["key"] in found]


def _meant(rows: list[dict[str, Any]], word: str, kind: str, namespace: str) -> list[dict[str, Any]]:
    named = [row for row in rows if row["name"] == word and row["namespace"] == namespace]
    if named:
        return named
    if "/" in word and " " not in word:
        return pick(rows, [word], namespace, None)
    meant = select(parse_selector(word), [Row(row) for row in rows])
    if not meant:
        known = ", ".join(row["name"] for row in rows[:5])
        raise SetpointError(f"no {kind} is meant by '{word}'", remedy=f"there are {known}")
    return [row.told for row in meant]
