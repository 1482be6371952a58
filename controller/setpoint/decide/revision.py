"""A tree in which little is changed: of thousands of entries only those are copied that are on the way to a change."""

from __future__ import annotations

from setpoint.model.tree import Json, Pointer, Tree, parts


class Revision:
    """A tree that begins as another one, and shares with it all that is not changed."""

    def __init__(self, tree: Tree) -> None:
        self.tree: Tree = dict(tree)
        self._own: dict[tuple[str, ...], Tree] = {(): self.tree}

    def put(self, pointer: Pointer, value: Json) -> None:
        """Put a value at a place, with the mappings above it that are not there yet."""
        *above, last = parts(pointer)
        self._mapping(tuple(above))[last] = value

    def drop(self, pointer: Pointer) -> None:
        """Leave out what is at a place, and the mappings above it that then hold nothing."""
        way = parts(pointer)
        while way:
            above = self._mapping(way[:-1])
            above.pop(way[-1], None)
            self._own.pop(way, None)
            if above:
                return
            way = way[:-1]

    def _mapping(self, way: tuple[str, ...]) -> Tree:
        """The mapping at a place, which may be changed."""
        found = self._own.get(way)
        if found is None:
            above = self._mapping(way[:-1])
            there = above.get(way[-1])
            found = dict(there) if isinstance(there, dict) else {}
            above[way[-1]] = found
            self._own[way] = found
        return found
