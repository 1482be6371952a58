"""Finds custom fields that are written back and that maps read: there what is seen would become what is declared. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from setpoint_netbox.report.settings import FieldNames

_READ: Final = re.compile(r"\bcustom_fields\.([A-Za-z0-9_]+)")


def feedback(names: FieldNames, maps: Iterable[str]) -> Iterator[str]:
    """A sentence for each; `maps` are the texts of mappings."""
    read = {name for text in maps for name in _READ.findall(text)}
    for what, name in names.named().items():
        if name in read:
            yield (
                f"writeBack.fields.{what} writes the custom field {name}, and a map reads it, so what is seen becomes what is "
                f"declared; name another one there, or null"
            )
