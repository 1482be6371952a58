"""Follows what a write that is not yet supported would have changed: an entry that meets it cannot be judged."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.conformance.lab import UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conformance.model import Difference, Json, Request

NAMING = frozenset(
    {
        *("vmid", "newid", "target-vmid", "poolid", "userid", "tokenid", "roleid", "groupid", "iface"),
        *("zone", "vnet", "subnet", "id", "sid", "rule", "filename", "snapname"),
    }
)
"""Parameters that name what a write makes or changes."""

_PLACES = frozenset({"node", "storage", "upid"})
_GUEST_PATHS = frozenset({"qemu", "lxc", "tasks"})
_SECTIONS = {
    "sdn": ("/cluster/sdn/zones", "/cluster/sdn"),
    "ha": ("/cluster/ha/resources", "/cluster/ha"),
    "replication": ("/cluster/replication", "/cluster/replication"),
    "backup_jobs": ("/cluster/backup", "/cluster/backup"),
    "pools": ("/pools", "/pools"),
}
"""Parts of a state, the path that makes such things, and the subtree that shows them."""


@dataclass(frozen=True, slots=True)
class Template:
    """A line of the list of what is not yet supported; `method` None means any."""

    method: str | None
    pattern: re.Pattern[str]


class Unsupported:
    """The committed list of path templates that an emulator answers with 501, and of events that it refuses so."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read lines of the form `[METHOD] /path/{name}`; `#` begins a remark."""
        self._templates = [_template(line) for text in lines if (line := text.partition("#")[0].strip())]

    @classmethod
    def of(cls, system: str) -> Unsupported:
        """The list of the system's emulator; no list means that all is supported."""
        path = UNSUPPORTED[system]
        return cls(path.read_text("utf-8").splitlines() if path.exists() else ())

    def find(self, method: str, path: str) -> dict[str, str] | None:
        """The names that the path gives to the template's parts, None when no line covers it."""
        for template in self._templates:
            found = template.pattern.fullmatch(path.rstrip("/"))
            if found is not None and template.method in {None, method}:
                return {key.replace("__", "-"): value for key, value in found.groupdict().items()}
        return None


class Dependence:
    """What the writes so far have left in doubt."""

    def __init__(self, unsupported: Unsupported, state: Mapping[str, Json]) -> None:
        """Begin with the parts of the state that the emulator cannot hold."""
        self._unsupported = unsupported
        self._names: set[str] = set()
        self._roots: set[str] = set()
        self._everything = False
        for section, (path, root) in _SECTIONS.items():
            if _filled(state.get(section)) and unsupported.find("POST", path) is not None:
                self._roots.add(root)
                self._names |= set(_named(state.get(section)))
        guests = state.get("guests")
        for guest in guests if isinstance(guests, list) else []:
            if isinstance(guest, dict) and self._is_foreign(guest):
                self._names.add(str(guest["vmid"]))

    def spread_everywhere(self) -> None:
        """Doubt all that follows, as after an event that did not happen."""
        self._everything = True

    def spread(self, request: Request, recorded: Json = None) -> None:
        """Doubt what this request would have changed, and the task that it would have started."""
        path = unquote(request.path)
        parts = self._unsupported.find(request.method, path) or {}
        unchanged = _PLACES | ({"vmid"} if "newid" in (request.params or {}) else set[str]())
        self._names |= {value for name, value in parts.items() if name not in unchanged}
        self._names |= {str(value) for name, value in (request.params or {}).items() if name in NAMING}
        if path == "/storage" and request.params:
            self._names.add(str(request.params.get("storage")))
        task = recorded.get("data") if isinstance(recorded, dict) else None
        if isinstance(task, str):
            self._names.add(task)
        if (root := _root(path)) is not None:
            self._roots.add(root)

    def reaches(self, request: Request, differences: Iterable[Difference]) -> bool:
        """Whether the request, or a difference of its reply, meets something that is in doubt."""
        path = unquote(request.path)
        if self._everything or any(path == root or path.startswith(f"{root}/") for root in self._roots):
            return True
        found = [[item.path, item.recorded, item.emulated] for item in differences if item.path != "status"]
        text = json.dumps([path, request.params, found], ensure_ascii=False)
        return any(_mentions(text, name) for name in self._names)

    def _is_foreign(self, guest: dict[str, Json]) -> bool:
        return self._unsupported.find("POST", f"/nodes/{guest.get('node')}/{guest.get('type')}") is not None


def _template(line: str) -> Template:
    method, _, path = line.rpartition(" ")
    parts = [re.sub(r"\\\{(.+?)\\\}", _group, re.escape(part)) for part in path.rstrip("/").split("/")]
    return Template(method.strip() or None, re.compile("/".join(parts)))


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found.group(1).replace(chr(92), '').replace('-', '__')}>[^/]+)"


def _root(path: str) -> str | None:
    """The subtree that a write into the path may change; None for guests, which are known by number."""
    parts = path.strip("/").split("/")
    if parts[0] != "nodes":
        return "/" + "/".join(parts[: 2 if parts[0] in {"cluster", "access"} else 1])
    if len(parts) < 3 or parts[2] in _GUEST_PATHS:
        return None
    return "/" + "/".join(parts[: 4 if parts[2] == "storage" else 3])


def _filled(section: Json) -> bool:
    match section:
        case dict():
            return any(_filled(item) for item in section.values())
        case list():
            return bool(section)
        case _:
            return False


def _named(section: Json) -> Iterable[str]:
    match section:
        case dict():
            yield from (str(value) for key, value in section.items() if key in NAMING and not _filled(value))
            for item in section.values():
                yield from _named(item)
        case list():
            for item in section:
                yield from _named(item)
        case _:
            return


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text) is not None
