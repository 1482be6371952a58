"""Which of the rows that the daemon told a person wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import click

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key


def given_namespace(context: click.Context, namespace: str) -> str | None:
    """The namespace that a person asked for; None when they left it open, which means all."""
    source = context.get_parameter_source("namespace")
    return None if source is click.core.ParameterSource.DEFAULT else namespace


def pick(
    rows: Sequence[dict[str, Any]], what: Sequence[str], namespace: str, only: str | None
) -> list[dict[str, Any]]:
    """The rows that `what` names, by key or by kind; all of them when it names none.

    Raises:
        SetpointError: nothing of that name or namespace is there.
    """
    spaces = sorted({row["namespace"] for row in rows})
    if only is not None and only not in spaces:
        there_are = f"there are {', '.join(spaces)}" if spaces else "see setpoint status for what there is"
        raise SetpointError(f"nothing is declared in the namespace '{only}'", remedy=there_are)
    rows = [row for row in rows if only is None or row["namespace"] == only]
    if not what:
        return rows
    chosen: dict[str, dict[str, Any]] = {}
    for text in what:
        found = [row for row in rows if _means(text, row, namespace)]
        if not found:
            raise _unknown(text, rows)
        chosen |= {row["key"]: row for row in found}
    return list(chosen.values())


def _means(text: str, row: dict[str, Any], namespace: str) -> bool:
    if "/" not in text:
        return bool(row["kind"] == text)
    try:
        return bool(row["key"] == str(Key.parse(text, namespace=namespace)))
    except ValueError:
        return False


def _unknown(text: str, rows: Sequence[dict[str, Any]]) -> SetpointError:
    names = [row["key"] for row in rows if "/" in text or row["name"] == text]
    close = names[:1] if "/" not in text else get_close_matches(text, names, 1)
    close = close or get_close_matches(text, {row["kind"] for row in rows}, 1)
    remedy = f"did you mean {close[0]}?" if close else "see setpoint status for what there is"
    return SetpointError(f"nothing declared is called '{text}'", remedy=remedy)
