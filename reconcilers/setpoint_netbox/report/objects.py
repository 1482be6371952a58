"""Which object of NetBox a standing is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from setpoint_netbox.watch.types import CLUSTERS, MACHINES, PREFIXES, VLANS, ZONES

_PATHS: Final = {root.type: root.path for root in (MACHINES, PREFIXES, VLANS, CLUSTERS, ZONES)}
_SHEET: Final = re.compile(r"([a-z_]+\.[a-z]+)/([1-9][0-9]*)\.yaml")


@dataclass(frozen=True)
class Object:
    """One object: its type as NetBox's changes name it, and its id."""

    type: str
    id: int

    @property
    def path(self) -> str:
        """Where it is, below `/api/`."""
        return f"{_PATHS[self.type]}{self.id}/"

    @property
    def view(self) -> str:
        """The path of its view in what is kept of NetBox."""
        return f"{self.type}/{self.id}"

    @property
    def main(self) -> bool:
        """Whether it is of the type whose objects are to have the custom fields; others may do without."""
        return self.type == MACHINES.type


def object_of(sheet: str) -> Object | None:
    """The object of which a sheet was made; None where it is of none that can be written."""
    match = _SHEET.fullmatch(sheet)
    return Object(match[1], int(match[2])) if match is not None and match[1] in _PATHS else None
