"""What a map makes of an object: a tree whose leaves say where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from setpoint.model.tree import Json
from setpoint_netbox.mapping.trouble import TroubleError


@dataclass(frozen=True, slots=True)
class Cell:
    """A leaf; `told` is where it comes from, and how it was read, for people."""

    value: Json
    told: str


Branch: TypeAlias = "dict[str, Cell | Branch]"


def put(branch: Branch, path: tuple[str, ...], cell: Cell, *, collect: bool = False) -> None:
    """Put a leaf where it belongs; `collect` adds it to the list that is there.

    Raises:
        TroubleError: something else is there.
    """
    *above, last = path
    for step in above:
        below = branch.setdefault(step, {})
        if isinstance(below, Cell):
            raise _clash(path, below, cell)
        branch = below
    there = branch.get(last)
    if there is None:
        branch[last] = Cell([cell.value], cell.told) if collect else cell
    elif not isinstance(there, Cell):
        raise TroubleError(
            f"{'.'.join(path)} is given as one value and in parts", "take away one of the two rules"
        )
    elif collect and isinstance(there.value, list):
        branch[last] = Cell([*there.value, cell.value], there.told)
    elif there.value != cell.value:
        raise _clash(path, there, cell)


def lay_below(branch: Branch, tree: Json, told: str) -> None:
    """Add the leaves of a tree where the branch says nothing."""
    for name, value in tree.items() if isinstance(tree, dict) else ():
        there, place = branch.get(name), f"{told}.{name}"
        if value is None or isinstance(there, Cell):
            continue
        if there is not None:
            lay_below(there, value, place)
        else:
            grown = spread(value, place)
            if grown is not None:
                branch[name] = grown


def spread(value: Json, told: str) -> Cell | Branch | None:
    """A value as leaves; None for a mapping in which nothing is said."""
    if not isinstance(value, dict):
        return Cell(value, told)
    found: Branch = {}
    lay_below(found, value, told)
    return found or None


def _clash(path: tuple[str, ...], there: Cell, cell: Cell) -> TroubleError:
    return TroubleError(
        f"{there.told} and {cell.told} say different things of {'.'.join(path)}",
        "make them equal in NetBox, or clear one",
    )
