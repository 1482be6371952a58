"""The API's methods as schema.json lists them, found by path; neighbours: `check`, which verifies parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

Shape = Mapping[str, Any]
"""A parameter's type, limits and format; `format` is a name or, for a property string, a mapping of shapes."""

MODES = ("GET", "POST", "PUT", "DELETE")

COUNTS = {
    "net": 32,
    "ide": 4,
    "sata": 6,
    "scsi": 31,
    "virtio": 16,
    "unused": 256,
    "usb": 14,
    "hostpci": 16,
    "serial": 4,
    "parallel": 3,
    "numa": 8,
    "ipconfig": 32,
    "virtiofs": 10,
    "mp": 256,
    "dev": 256,
    "link": 8,
    "acmedomain": 6,
}
"""How many of a numbered parameter exist; the schema writes them as one `net[n]`."""

WITH_SLASHES = frozenset({"volume", "cidr"})
"""Parts of a path that take all that follows."""

ROOT = "/"
"""Above all paths; answers GET with the list of what is below, though the schema leaves it out."""

LIKE_NODE_LOAD = "/nodes/{node}/storage/{storage}/rrddata"
"""Takes what a node's load over time takes, which the schema leaves out too."""

_NUMBERED = re.compile(r"^([a-z]+)(0|[1-9]\d*)$")


@dataclass(frozen=True, slots=True)
class Method:
    """One method on one path template."""

    name: str
    path: str
    parameters: Mapping[str, Shape]
    additional: bool = False
    user: str | None = None
    check: list[Any] | None = None
    protected: bool = False
    allowtoken: bool = True
    proxyto: str | None = None
    child: str | None = None

    def shape(self, parameter: str) -> Shape | None:
        """The shape of a parameter, numbered ones (`net0`) included; None when there is none of that name."""
        known = self.parameters.get(parameter)
        if known is not None:
            return known
        found = _NUMBERED.match(parameter)
        if found is None or int(found[2]) >= COUNTS.get(found[1], 0):
            return None
        return self.parameters.get(f"{found[1]}[n]")


@dataclass(slots=True)
class _Folder:
    path: str = ""
    methods: dict[str, Method] = field(default_factory=dict[str, Method])
    literal: dict[str, _Folder] = field(default_factory=dict[str, "_Folder"])
    variable: tuple[str, _Folder] | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """All methods of the API."""

    version: str
    methods: Mapping[tuple[str, str], Method]
    _root: _Folder

    def find(self, method: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method a request asks for with the path's own parameters; None when there is none."""
        folder = self._root
        params: dict[str, str] = {}
        parts = [part for part in path.split("/") if part]
        for number, part in enumerate(parts):
            if part in folder.literal:
                folder = folder.literal[part]
                continue
            if folder.variable is None:
                return None
            name, folder = folder.variable
            params[name] = part
            if name in WITH_SLASHES:
                params[name] = "/".join(parts[number:])
                break
        found = folder.methods.get(method)
        return (found, params) if found else None

    def children(self, path: str) -> list[str]:
        """The literal names directly below a path template."""
        return list(_folder(self._root, path).literal)


def _folder(root: _Folder, path: str) -> _Folder:
    folder = root
    for part in path.strip("/").split("/"):
        folder = _step(folder, part) if part else folder
    return folder


def _step(folder: _Folder, part: str) -> _Folder:
    if not part.startswith("{"):
        return folder.literal.setdefault(part, _Folder())
    if folder.variable is None:
        folder.variable = (part.strip("{}"), _Folder())
    return folder.variable[1]


def parse(document: Mapping[str, Any]) -> Schema:
    """Read the document of schema.json."""
    shapes: list[Shape] = document["shapes"]
    index = Method("GET", ROOT, {}, user="all", child="subdir")
    methods: dict[tuple[str, str], Method] = {("GET", ROOT): index}
    root = _Folder(ROOT, {"GET": index})
    for path, infos in document["paths"].items():
        folder = _folder(root, path)
        folder.path = path
        for name, info in infos.items():
            methods[name, path] = folder.methods[name] = _method(name, path, info, shapes)
    measured = methods.get(("GET", LIKE_NODE_LOAD))
    if measured is not None:
        load = _node_load(measured)
        methods["GET", load.path] = load
        _folder(root, load.path).methods["GET"] = load
    return Schema(document["version"], methods, root)


def _node_load(like: Method) -> Method:
    """A node's load over time, which nodes answer though the schema leaves it out; a storage's takes the same."""
    parameters = {name: shape for name, shape in like.parameters.items() if name != "storage"}
    check = ["perm", "/nodes/{node}", ["Sys.Audit"]]
    return replace(like, path="/nodes/{node}/rrddata", parameters=parameters, check=check)


def _method(name: str, path: str, info: Mapping[str, Any], shapes: list[Shape]) -> Method:
    parameters: Mapping[str, int] = info["parameters"]
    return Method(
        name,
        path,
        {parameter: shapes[index] for parameter, index in parameters.items()},
        additional=bool(info.get("additional")),
        user=info.get("user"),
        check=info.get("check"),
        protected=bool(info.get("protected")),
        allowtoken=bool(info.get("allowtoken")),
        proxyto=info.get("proxyto"),
        child=info.get("child"),
    )


@cache
def load() -> Schema:
    """The schema of the emulated version."""
    return parse(json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8")))
