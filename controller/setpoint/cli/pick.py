"""Which of the rows that the daemon told a person wants to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.selector import select
from setpoint.model.selector_text import parse_selector


def given_namespace(context: click.Context, namespace: str) -> str | None:
    """The namespace that a person asked for; None when they left it open, which means all."""
    source = context.get_parameter_source("namespace")
    return None if source is click.core.ParameterSource.DEFAULT else namespace


@dataclass(frozen=True)
class Row:
    """A row of the daemon as what a selector can mean."""

    told: dict[str, Any]

    @property
    def key(self) -> Key:
        """Its key."""
        return Key(self.told["namespace"], self.told["kind"], self.told["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        labels: Mapping[str, str] = self.told["labels"]
        return labels

    @property
    def target(self) -> Key | None:
        """What holds it."""
        return Key.parse(self.told["target"]) if self.told["target"] else None


def pick(
    rows: Sequence[dict[str, Any]],
    what: Sequence[str],
    namespace: str,
    only: str | None,
    selector: str | None = None,
) -> list[dict[str, Any]]:
    """The rows that `what` names, by key or by kind, and of those the ones that the selector means; all without either.

    Raises:
        SetpointError: nothing of that name or namespace is there.
    """
    spaces = sorted({row["namespace"] for row in rows})
    if only is not None and only not in spaces:
        there_are = f"there are {', '.join(spaces)}" if spaces else "see setpoint status for what there is"
        raise SetpointError(f"nothing is declared in the namespace '{only}'", remedy=there_are)
    rows = [row for row in rows if only is None or row["namespace"] == only]
    if selector is not None:
        rows = _selected(rows, selector)
    if not what:
        return rows
    chosen: dict[str, dict[str, Any]] = {}
    for text in what:
        found = [row for row in rows if _means(text, row, namespace)]
        if not found:
            raise _unknown(text, rows)
        chosen |= {row["key"]: row for row in found}
    return list(chosen.values())


def _selected(rows: Sequence[dict[str, Any]], selector: str) -> list[dict[str, Any]]:
    meant = select(parse_selector(selector), [Row(row) for row in rows])
    if not meant:
        remedy = "see setpoint status for what there is"
        raise SetpointError(f"no declared resource is meant by '{selector}'", remedy=remedy)
    return [row.told for row in meant]


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
