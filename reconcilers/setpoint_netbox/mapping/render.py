"""All sheets of a content. What did not change since the last time is not made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from setpoint.model.inventory import Content, Sheets
from setpoint.model.kind import Kind
from setpoint_netbox.content import released, renamed, unexplained, views
from setpoint_netbox.mapping.making import SEGMENTS, Made, make
from setpoint_netbox.mapping.model import Map
from setpoint_netbox.mapping.reading import FILE, Maps, read_mapping

_NOTES: Final = 100
"""Objects that are told one by one; the rest is counted."""


class Renderer:
    """Makes sheets. The result is that of a new one; what is kept only saves work, and holds on to maps that were good.

    Args:
        lent: the mapping that each system lends, by its name.
        kinds: every installed one, by name.
    """

    def __init__(self, lent: Mapping[str, str], kinds: Mapping[str, Kind[Any, Any]]) -> None:
        self._lent = lent
        self._kinds = kinds
        self._own: bytes | None = None
        self._read: Maps | None = None
        self._maps: Mapping[str, Map] = {}
        self._known: dict[str, tuple[bytes, str, Made]] = {}

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        """What a content declares, by the mapping in the files of the repository.

        While that one is not valid its problems are told; the maps before stay, or else there are no sheets.
        """
        found = self._mapping(files.get(FILE))
        if not found.problems and found.maps is not self._maps:
            self._maps, self._known = found.maps, {}
        if found.problems and not self._maps:
            return Sheets({}, released(content), problems=found.problems)
        made = self._made(content)
        gone = {_sheet(path) for path, one in made.items() if not one.sheet}
        return Sheets(
            files={_sheet(path): one.sheet for path, one in made.items() if one.sheet},
            released=frozenset(gone | {_sheet(path) for path in released(content)}),
            unexplained=frozenset(map(_sheet, unexplained(content))),
            problems=found.problems,
            notes=(*_astray(files), *_notes(made)),
        )

    def _mapping(self, own: bytes | None) -> Maps:
        if self._read is None or own != self._own:
            self._read, self._own = read_mapping(own, self._lent, self._kinds), own
        return self._read

    def _made(self, content: Content) -> Mapping[str, Made]:
        before, names = self._known, renamed(content)
        known: dict[str, tuple[bytes, str, Made]] = {}
        for path, view in views(content):
            former, there = names.get(path, ""), before.get(path)
            if there is None or there[1] != former or there[0] != view:
                there = view, former, make(path, view, former, self._maps, self._kinds)
            known[path] = there
        self._known = known
        return {path: known[path][2] for path in sorted(known)}


def _sheet(path: str) -> str:
    return f"{path}.yaml"


def _astray(files: Mapping[str, bytes]) -> Iterator[str]:
    """Mappings at a place where nobody reads them."""
    for path in files:
        if path.endswith(("netbox.yaml", "netbox.yml")) and path != FILE and b"inventory:" in files[path]:
            yield f"{path} is a mapping and is not read; there is one, {FILE} at the root of the declarations"


def _notes(made: Mapping[str, Made]) -> Iterator[str]:
    troubles = [one.note for one in made.values() if one.note]
    yield from troubles[:_NOTES]
    if len(troubles) > _NOTES:
        yield f"{len(troubles) - _NOTES} more objects are left out for reasons of that sort"
    chosen = Counter(one.map for one in made.values() if one.left_out)
    for name, count in sorted(chosen.items()):
        yield f"{_counted(count)} not declared, as leaveOut of the map {name} says"
    untaken = Counter(path.partition("/")[0] for path, one in made.items() if not one.map)
    for of, count in sorted(untaken.items()):
        yield f"{_counted(count, SEGMENTS.get(of, of))} not declared, for no map takes {'it' if count == 1 else 'them'}"


def _counted(count: int, of: str = "objects") -> str:
    return f"1 of the {of} is" if count == 1 else f"{count} of the {of} are"
