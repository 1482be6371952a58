"""What is seen of a guest as a person would declare it: the way in for guests made by hand. Pure; turns `project` around."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from pydantic import ValidationError

from setpoint.model.diff import MISSING, Projection
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Pointer, Tree, covers, join, leaves, parts, put
from setpoint_proxmox.guest.layout import Layout
from setpoint_proxmox.guest.spec import GuestSpec

P = TypeVar("P", bound=Spec)

Said: TypeAlias = Mapping[Pointer, Json]
"""Fields of a spec by their place."""

_NOTHING: Said = {}
_LAST = frozenset(GuestSpec.model_json_schema()["properties"]) - {"node", "vmid"}
"""What a person wants to know after what the guest is made of."""
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Teller(Generic[P]):
    """How one type of guests is told.

    Attributes:
        plain: a value as a person writes it.
    """

    spec: type[P]
    layout: Layout
    declare: Callable[[P], Tree]
    plain: Callable[[Pointer, Json], Json]

    def tell(self, said: Said) -> Tree:
        """The shortest spec that says `said`, as far as a spec can say it."""
        said, spec = self._sayable(said)
        kept = self._needed(said, spec)
        tree: Tree = {}
        places = [place for place, _ in leaves(spec.model_dump(mode="json", by_alias=True))]
        for place in sorted(places, key=lambda place: parts(place)[0] in _LAST):
            if place in kept:
                put(tree, place, self.plain(place, said[place]))
        return tree

    def shown(self, lasting: Said, never: Iterable[Pointer]) -> Said:
        """What is worth telling, slots in their order, without what is `never` declared."""
        never = tuple(never)
        return {
            place: value
            for place, value in sorted(lasting.items(), key=lambda item: slots_in_order(item[0]))
            if not self._means_nothing(place, value) and not any(covers(other, place) for other in never)
        }

    def _means_nothing(self, place: Pointer, value: Json) -> bool:
        return value == {} or (value is None and self._absent(place) is None)

    def _absent(self, place: Pointer) -> object:
        """What it means to Proxmox that nothing is set; MISSING when that means nothing of its own."""
        spot = self.layout.spot(place)
        return None if spot is None or spot.row is None else spot.row.absent

    def _sayable(self, said: Said) -> tuple[Said, P]:
        """The part that a spec can say, and the spec: what is refused, or would be taken for another value, is left out."""
        while True:
            try:
                spec = self.spec.model_validate(_tree(said))
            except ValidationError as error:
                wrong = [tuple(str(part) for part in one["loc"]) for one in error.errors(include_url=False)]
            else:
                taken = dict(leaves(self.declare(spec)))
                wrong = [parts(place) for place, value in said.items() if taken.get(place, value) != value]
                if not wrong:
                    return said, spec
            for place in wrong:
                said = _left_out(said, place) if place else self._without_one(said)

    def _without_one(self, said: Said) -> Said:
        """Without the first field that does not go together with the others."""
        fields = dict.fromkeys(parts(place)[0] for place in said)
        return next(
            (rest for field in fields if self._goes_together(rest := _without(said, f"/{field}"))), _NOTHING
        )

    def _goes_together(self, said: Said) -> bool:
        try:
            self.spec.model_validate(_tree(said))
        except ValidationError:
            return False
        return True

    def _needed(self, said: Said, spec: P) -> frozenset[Pointer]:
        """The places of all that unsaid would mean something else, to Proxmox or to us; something of every device."""
        telling = dict(leaves(spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)))
        needed = {
            place
            for place, value in said.items()
            if place in telling or self._absent(place) not in (MISSING, value)
        }
        devices = {place: device for place in said if (device := self._device(place))}
        shown = {devices.get(place) for place in needed}
        return frozenset(needed | {place for place, device in devices.items() if device not in shown})

    def _device(self, place: Pointer) -> Pointer:
        """The device that a place is a part of; empty when it is of none."""
        spot = self.layout.spot(place)
        depth = 0 if spot is None else len(parts(spot.option.device))
        return _pointer(parts(place)[:depth])


def lasting(seen: Projection) -> Said:
    """Everything that is known to be in force and to stay so."""
    now = dict(leaves(seen.tree))
    then = now if seen.accepted is None else dict(leaves(seen.accepted))
    return {place: value for place, value in now.items() if place in then and then[place] == value}


def _left_out(said: Said, place: tuple[str, ...]) -> Said:
    """Without what stands at `place`; where nothing does, something is lacking there, so without what is above it."""
    for length in range(len(place), 0, -1):
        rest = _without(said, _pointer(place[:length]))
        if len(rest) < len(said):
            return rest
    return {}


def _without(said: Said, above: Pointer) -> Said:
    return {place: value for place, value in said.items() if not covers(above, place)}


def _pointer(place: Iterable[str]) -> Pointer:
    return "".join(join("", part) for part in place)


def _tree(said: Said) -> Tree:
    tree: Tree = {}
    for place, value in said.items():
        put(tree, place, value)
    return tree


def slots_in_order(place: Pointer) -> list[tuple[int, str]]:
    """net2 before net10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBERS.split(place)]
