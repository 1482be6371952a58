"""The arithmetic of relative sizes, exact and pure: a part of a base, in steps, within bounds, and not for every tremor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from setpoint.model.quantity import format_bytes
from setpoint_proxmox.sizes import GIB, MIB


@dataclass(frozen=True)
class Base:
    """What a part is taken of: how much that is, and in words, e.g. `the 64GiB of pve1`."""

    amount: Fraction
    words: str


@dataclass(frozen=True)
class Bounds:
    """What a size must keep to.

    Attributes:
        least: wins over `most`.
        ceiling: what the node has; no size is more, unless `least` is.
        hysteresis: as a fraction, below 1.
    """

    least: int
    most: int | None
    step: int
    hysteresis: Fraction
    ceiling: int

    def within(self, size: int) -> int:
        """The nearest size that keeps to them."""
        most = self.ceiling if self.most is None else min(self.most, self.ceiling)
        return max(self.least, min(size, most))


@dataclass(frozen=True)
class Unit:
    """How a number of something is told: an exact one, and one that need not be whole."""

    exact: Callable[[int], str]
    about: Callable[[Fraction], str]


def fitted(wanted: Fraction, bounds: Bounds, before: int | None) -> int:
    """The size that comes of `wanted`; what was there `before` stays while `wanted` is not clearly another.

    A size stands for all that is rounded down to it, so it is left only by more than the hysteresis beyond either end.
    """
    fresh = bounds.within(int(wanted // bounds.step) * bounds.step)
    if before is None or bounds.within(before) != before:
        return fresh
    low = before * (1 - bounds.hysteresis)
    high = (before + bounds.step) * (1 + bounds.hysteresis)
    return before if low <= wanted < high else fresh


def told(part: str, base: Base, wanted: Fraction, bounds: Bounds, before: int | None, unit: Unit) -> str:
    """The arithmetic as one sentence without its full stop."""
    size, plain = fitted(wanted, bounds, before), fitted(wanted, bounds, None)
    sentence = f"{part} of {base.words} = {unit.about(wanted)}"
    if plain != wanted:
        sentence += f", {_adjusted(wanted, plain, bounds, unit)}"
    if size != plain:
        percent = f"{float(bounds.hysteresis * 100):g}%"
        sentence += f"; {unit.exact(size)} stays, for that is not {percent} away"
    return sentence


def _adjusted(wanted: Fraction, plain: int, bounds: Bounds, unit: Unit) -> str:
    if plain == bounds.least and wanted < plain:
        return f"at least {unit.exact(plain)}"
    if plain == bounds.most and wanted > plain:
        return f"at most {unit.exact(plain)}"
    if plain == bounds.ceiling and wanted > plain:
        return f"no more than the node's {unit.exact(plain)}"
    return f"in steps of {unit.exact(bounds.step)}: {unit.exact(plain)}"


def _bytes_about(amount: Fraction) -> str:
    if amount.denominator == 1 and int(amount) % MIB == 0:
        return format_bytes(int(amount))
    size, name = (GIB, "GiB") if amount >= GIB else (MIB, "MiB")
    return f"{float(amount / size):.2f}{name}"


def _number_about(amount: Fraction) -> str:
    return f"{float(amount):.2f}".rstrip("0").rstrip(".")


MEMORY = Unit(format_bytes, _bytes_about)
CORES = Unit(str, _number_about)
