"""Places in the comparable tree and the options of Proxmox that hold them, in both directions.

The rows themselves stand in the `options` of each kind; what a volume is belongs to `volumes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from setpoint.model.diff import MISSING, UNSEEN, Missing, Unseen
from setpoint.model.tree import Json, Pointer, Scalar, Tree, join, parts
from setpoint_proxmox.guest.forms import TEXT, Form
from setpoint_proxmox.guest.syntax import WHOLE, Syntax

_NUMBERED = re.compile(r"([a-z]+)(0|[1-9]\d*)")
_SLOT = re.compile(r"/(net|scsi|virtio|sata|ide|hostpci|usb|serial|mp|dev)(\d+)(?=/|$)")


def _always(_: Mapping[str, str]) -> bool:
    return True


@dataclass(frozen=True)
class Row:
    """One place and the sub-option that holds it.

    Attributes:
        place: pointer into the tree; `#` stands for the number of the option.
        key: name of the sub-option; empty for the whole text.
        absent: what it means that the sub-option is not there; MISSING when it means nothing, UNSEEN when the
            value is there and not told.
        excludes: sub-options that cannot stand beside it.
        needed: whether every other sub-option needs it beside itself.
    """

    place: Pointer
    key: str = ""
    form: Form = TEXT
    absent: Json | Missing | Unseen = None
    excludes: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True)
class Option:
    """One option of the configuration, or one for each number.

    Attributes:
        name: as Proxmox calls it; `net#` stands for net0, net1 and so on.
        device: the place that is there exactly when the option is; a null there takes it away. Empty for an
            option that is always in force.
        begins: sub-options of one that is new.
        holds: whether a text is of this sort, where several share the option's name.
        plugs: whether a running VM takes a change by plugging.
        volume: whether its first sub-option is a volume, which is allocated and never just written.
        core: the sub-option without which a new one is not made; empty when any makes it.
    """

    name: str
    rows: tuple[Row, ...]
    syntax: Syntax = WHOLE
    device: Pointer = ""
    begins: Mapping[str, str] = field(default_factory=dict[str, str])
    holds: Callable[[Mapping[str, str]], bool] = _always
    plugs: bool = False
    volume: bool = False
    core: str = ""


@dataclass(frozen=True)
class Spot:
    """Where a place is kept: the option by its full name, and the row; None for the device itself."""

    option: Option
    name: str
    row: Row | None


@dataclass(frozen=True)
class Layout:
    """All options, and the ways to find them."""

    options: tuple[Option, ...]
    by_name: Mapping[str, tuple[Option, ...]]
    by_place: Mapping[Pointer, tuple[Option, Row | None]]

    @classmethod
    def of(cls, options: tuple[Option, ...]) -> Layout:
        """Index the options."""
        names = {option.name for option in options}
        places: dict[Pointer, tuple[Option, Row | None]] = {}
        for option in options:
            if option.device:
                places[option.device] = option, None
            places |= {row.place: (option, row) for row in option.rows}
        named = {name: tuple(option for option in options if option.name == name) for name in names}
        return cls(options, named, places)

    def spot(self, path: Pointer) -> Spot | None:
        """Where `path` is kept; None when no option holds it."""
        found = self.by_place.get(path)
        if found is not None:
            return Spot(found[0], found[0].name, found[1])
        slot = _SLOT.search(path)
        if slot is None:
            return None
        found = self.by_place.get(path[: slot.start(2)] + "#" + path[slot.end(2) :])
        return None if found is None else Spot(found[0], found[0].name.replace("#", slot[2]), found[1])

    def called(self, name: str) -> tuple[tuple[Option, str], ...]:
        """The options that a name of the configuration stands for, and its number."""
        if name in self.by_name:
            return tuple((option, "") for option in self.by_name[name])
        match = _NUMBERED.fullmatch(name)
        if match is None:
            return ()
        return tuple((option, match[2]) for option in self.by_name.get(f"{match[1]}#", ()))

    def read(self, config: Mapping[str, Scalar]) -> tuple[Tree, tuple[Pointer, ...]]:
        """The tree that a configuration means, and the places that it does not tell."""
        tree = self._absent()
        unseen: list[Pointer] = []
        for name, text in config.items():
            for option, number in self.called(name):
                unseen += _read(tree, option, number, str(text))
        return tree, tuple(unseen)

    def _absent(self) -> Tree:
        """What an empty configuration means."""
        tree: Tree = {}
        for option in self.options:
            if "#" in option.device:
                put(tree, option.device.rpartition("/")[0], {})
            elif option.device:
                put(tree, option.device, None)
            else:
                _read_rows(tree, option, "", {})
        return tree


def put(tree: Tree, place: Pointer, value: Json) -> None:
    """Set the value at `place`, making what is above it; an empty mapping never replaces one that is there."""
    *above, last = parts(place)
    for part in above:
        child = tree.get(part)
        if not isinstance(child, dict):
            child = tree[part] = {}
        tree = child
    if value != {} or not isinstance(tree.get(last), dict):
        tree[last] = value


def kept(values: Tree, compared: Callable[[Pointer, Json], bool], above: Pointer = "") -> Tree:
    """The part of a declaration that is `compared`, by place and value; an empty mapping says that there is nothing."""
    found: Tree = {}
    for name, value in values.items():
        place = join(above, name)
        if isinstance(value, dict):
            below = kept(value, compared, place)
            if below or not value:
                found[name] = below
        elif compared(place, value):
            found[name] = value
    return found


def _read(tree: Tree, option: Option, number: str, text: str) -> list[Pointer]:
    try:
        found = option.syntax.split(text)
    except ValueError:
        places = [option.device] if option.device else [row.place for row in option.rows]
        return [place.replace("#", number) for place in places]
    if not option.holds(found):
        return []
    if option.device:
        put(tree, option.device.replace("#", number), {})
    return _read_rows(tree, option, number, found)


def _read_rows(tree: Tree, option: Option, number: str, found: Mapping[str, str]) -> list[Pointer]:
    """Put what the sub-options mean into the tree; gives the places that they do not tell."""
    unseen: list[Pointer] = []
    for row in option.rows:
        place = row.place.replace("#", number)
        try:
            value = row.form.read(found[row.key]) if row.key in found else row.absent
        except (ValueError, OverflowError):
            value = UNSEEN
        if value is UNSEEN:
            unseen.append(place)
        elif value is not MISSING:
            put(tree, place, value)
    return unseen


def written(spot: Spot, value: Json, found: Mapping[str, str]) -> dict[str, str]:
    """The sub-options with `value` set at `spot`; every other one stays as it is.

    What says the same as leaving it out is left out, unless it is needed or nothing would be left of a device.
    """
    row = spot.row
    assert row is not None  # noqa: S101  # a device as a whole is taken away, never written
    rest = {name: text for name, text in found.items() if name != row.key and name not in row.excludes}
    text = row.form.write(value)
    left_out = not row.needed if rest else not spot.option.device
    if text is None or (row.key and value == row.absent and left_out):
        return rest
    return {**rest, row.key: str(text)}
