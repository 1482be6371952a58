"""Which options the configs of a kind of guest have and of what type each is, as the call that changes them says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from setpoint_lab.proxmox.schema import Shape, load

_NO_OPTIONS = frozenset({"node", "vmid", "digest", "delete", "revert", "force", "skiplock"})
_NUMBERED = re.compile(r"^([a-z]+)(0|[1-9]\d*)$")


class OptionTable:
    """The options of one kind of guest; `internal` are those that only the system writes."""

    def __init__(self, path: str, internal: frozenset[str]) -> None:
        """Read them from the PUT of a path template."""
        self._config = load().methods["PUT", path]
        self._internal = internal
        self._numbers: dict[str, bool] = {}

    def shape(self, key: str) -> Shape | None:
        """The description of an option, None when there is no such option."""
        if key in _NO_OPTIONS:
            return None
        if key in self._internal:
            return {"type": "integer" if key == "snaptime" else "string", "optional": 1}
        return self._config.shape(key)

    def exists(self, key: str) -> bool:
        """Whether an option of that name exists."""
        return self.shape(key) is not None

    def is_number(self, key: str) -> bool:
        """Whether answers show the option as a JSON number."""
        if key not in self._numbers:
            self._numbers[key] = (self.shape(key) or {}).get("type") in {"integer", "boolean"}
        return self._numbers[key]

    def format(self, key: str) -> Mapping[str, Any]:
        """The parts of the property string that an option holds; KeyError when it holds none."""
        found: Mapping[str, Any] = (self.shape(key) or {})["format"]
        return found


@cache
def bus(key: str) -> str:
    """The name of a numbered option without its number, such as `scsi`; empty for options without one."""
    found = _NUMBERED.match(key)
    return found[1] if found else ""


def is_net(key: str) -> bool:
    """Whether the option holds a network card."""
    return bus(key) == "net"


def is_unused(key: str) -> bool:
    """Whether the option holds a detached volume."""
    return bus(key) == "unused"
