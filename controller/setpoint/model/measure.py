"""Numbers of what is seen, for Prometheus: a kind says which there are, the engine names, bounds and serves them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, Generic, TypeAlias, TypeVar

from setpoint.model.printable import brief

S = TypeVar("S")

MOST: Final = 32
"""Series of one measure of one object, unless its kind says otherwise."""
MOST_EVER: Final = 256
"""What a kind may say: thousands of objects times this are still what a Prometheus bears."""
LONGEST: Final = 120
"""Characters of the value of a label."""
TAKEN: Final = frozenset({"namespace", "kind", "name", "target", "instance", "job", "le", "quantile"})
"""Labels that others give: the engine, whoever scrapes, and the formats themselves."""
_WORD: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ENDS: Final = re.compile(
    "total|sum|count|bucket|created|info|timestamp|seconds|bytes|ratio|celsius|percent|"
    "s|sec|ms|us|ns|m|minutes|h|hours|d|days|b|[kmgtp]i?b|(kilo|mega|giga)bytes"
)
"""How no name ends: the unit says it, or it is no unit of Prometheus."""
_MOST_LABELS: Final = 3

Number: TypeAlias = tuple[tuple[str, ...], float]
"""The values of the labels, in their order; and the value."""


class Unit(StrEnum):
    """What a number counts: the base units of Prometheus, which end the name of the metric."""

    NONE = ""
    """A plain number, or 1 for yes and 0 for no."""
    SECONDS = "seconds"
    MOMENT = "timestamp_seconds"
    """Seconds since the epoch."""
    BYTES = "bytes"
    RATIO = "ratio"
    """From 0 to 1."""
    CELSIUS = "celsius"
    INFO = "info"
    """Always 1; the labels tell."""


@dataclass(frozen=True)
class Measure(Generic[S]):
    """One number, or one for each value of its labels, of every object of a kind.

    Its metric is `setpoint_KIND_NAME_UNIT`, e.g. `setpoint_host_filesystem_free_bytes`, with `namespace`, `kind`, `name`
    and `target` of the resource before its own labels.

    Attributes:
        name: small words with underscores, without kind and unit; empty only with Unit.INFO.
        help: one sentence.
        read: pure; the numbers of what is seen by the values of the labels, those that matter most first. What is not
            known is left out.
        most: series of one object at most; the rest is left out, and counted.
    """

    name: str
    unit: Unit
    help: str
    read: Callable[[S], Mapping[tuple[str, ...], float]]
    labels: tuple[str, ...] = ()
    most: int = MOST

    def __post_init__(self) -> None:
        """See to it that Prometheus and the reader of a dashboard can make something of it.

        Raises:
            ValueError: they could not.
        """
        wrong = next(_faults(self), None)
        if wrong is not None:
            raise ValueError(f"measure '{self.name}': {wrong}")


@dataclass(frozen=True)
class Measured:
    """What was read of one object.

    Attributes:
        at: when it was seen, seconds since the epoch.
        numbers: by the name and unit of their measure, as `slot` gives them.
        left_out: how many were not taken: too many, not finite, or with other labels than said.
    """

    at: float
    numbers: Mapping[str, tuple[Number, ...]]
    left_out: int = 0


def only(value: float | None) -> Mapping[tuple[str, ...], float]:
    """The numbers of a measure without labels; none for None, which is not known."""
    return {} if value is None else {(): value}


def slot(name: str, unit: Unit) -> str:
    """The end of the metric's name, by which its numbers are kept."""
    return "_".join(filter(None, (name, unit)))


def take_measures(measures: Iterable[Measure[S]], state: S, now: float) -> Measured:
    """Every number of what is seen, within bounds."""
    numbers: dict[str, tuple[Number, ...]] = {}
    left_out = 0
    for one in measures:
        read = one.read(state)
        taken = dict(islice(_sound(one, read), one.most))
        left_out += len(read) - len(taken)
        if taken:
            numbers[slot(one.name, one.unit)] = tuple(taken.items())
    return Measured(now, numbers, left_out)


def _sound(measure: Measure[S], read: Mapping[tuple[str, ...], float]) -> Iterator[Number]:
    """Those that can be served, each once: labels are others' text, and two of them may be alike once they are cut."""
    told: set[tuple[str, ...]] = set()
    for labels, value in read.items():
        texts = tuple(brief(label, LONGEST) for label in labels)
        if len(texts) == len(measure.labels) and texts not in told and math.isfinite(value):
            told.add(texts)
            yield texts, float(value)


def _faults(measure: Measure[S]) -> Iterator[str]:
    if not (_WORD.fullmatch(measure.name) or (not measure.name and measure.unit is Unit.INFO)):
        yield "its name is not of small words with underscores"
    if _ENDS.fullmatch(measure.name.rpartition("_")[2]):
        yield "its name ends like a unit or a type, which the unit says"
    if not re.fullmatch(r'[A-Z1][^\n\\"]*\.', measure.help):
        yield "its help is no sentence"
    if any(not _WORD.fullmatch(label) or label in TAKEN for label in measure.labels):
        yield f"its labels are not of small words, or one of {', '.join(sorted(TAKEN))}"
    if len(set(measure.labels)) < len(measure.labels) or len(measure.labels) > _MOST_LABELS:
        yield f"it has a label twice, or more than {_MOST_LABELS}"
    if not 1 <= measure.most <= MOST_EVER:
        yield f"it allows less than 1 or more than {MOST_EVER} series of one object"
