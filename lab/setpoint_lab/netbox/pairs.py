"""Fields of pairs: ranges of numbers, and choices with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import Json
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

PAIR = 2


def _listed(raw: Any) -> list[Any]:
    if not is_list(raw):
        raise Invalid(f'Expected a list of items but got type "{type(raw).__name__}".')
    return raw


@dataclass(frozen=True)
class Ranges(Json):
    """A list of first and last numbers."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """Pairs of whole numbers."""
        for each in _listed(raw):
            if not is_list(each) or len(each) != PAIR:
                raise Invalid("Ranges must be specified in the form (lower, upper).")
            if any(isinstance(bound, bool) or not isinstance(bound, int) for bound in each):
                raise Invalid("Range boundaries must be defined as integers.")
        return raw


@dataclass(frozen=True)
class Choices(Json):
    """A list of values with their labels."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """Pairs of texts."""
        return [[str(part) for part in self._pair(each)] for each in _listed(raw)]

    @staticmethod
    def _pair(raw: Any) -> list[Any]:
        pair = _listed(raw)
        if len(pair) != PAIR:
            side = "at least" if len(pair) < PAIR else "no more than"
            raise Invalid(f"Ensure this field has {side} {PAIR} elements.")
        return pair
