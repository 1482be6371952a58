"""The numbers of types of objects, which only the data of changes show."""

from __future__ import annotations

_KNOWN = {"dcim.site": 6, "virtualization.vminterface": 10, "virtualization.virtualmachine": 12}
_FIRST = 60
_given: dict[str, int] = {}


def type_number(name: str) -> int:
    """The number of a type; it is the same for as long as the process lives."""
    if name in _KNOWN:
        return _KNOWN[name]
    return _given.setdefault(name, _FIRST + len(_given))
