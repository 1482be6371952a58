"""What a part of the bench reports, and the one table that shows it: ratios first, absolute figures beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        part: the letter of the part.
        what: what was measured, with its size.
        figure: the number that counts: a ratio where there is one, with its unit.
        beside: the absolute figures behind it.
        aim: what is aimed at; empty when nothing is.
        met: whether the aim is met; None without an aim.
        values: the same for machines.
    """

    part: str
    what: str
    figure: str
    beside: str = ""
    aim: str = ""
    met: bool | None = None
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def verdict(self) -> str:
        """`ok`, `missed`, or nothing."""
        return {True: "ok", False: "missed", None: ""}[self.met]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """The median of several runs, with the least and the most."""

    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.runs)

    def show(self, form: str = ",.0f", factor: float = 1.0) -> str:
        """`median (least to most)`."""
        low, mid, high = (
            format(value * factor, form) for value in (min(self.runs), self.middle, max(self.runs))
        )
        return f"{mid} ({low} to {high})"


def table(figures: Sequence[Figure]) -> str:
    """The figures, a line each, and what is behind them."""
    rows = [("", "what", "figure", "aim", "", "beside")]
    rows += [(f.part, f.what, f.figure, f.aim, f.verdict, f.beside) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)), row[5]))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
