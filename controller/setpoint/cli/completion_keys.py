"""What is declared, for completion: from the daemon, else the store, else the source. Quick, and silent when it fails."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

import yaml

from setpoint.desired.files import is_declaration
from setpoint.model.errors import SetpointError
from setpoint.settings_place import find_settings
from setpoint.store.names import names_in_force

PATIENCE: Final = 0.15
"""Seconds that the daemon has to answer: somebody holds a key down."""
MOST: Final = 300
"""Files of a source that are looked at."""

_STATE = "/var/lib/setpoint"
_HIDDEN = "default/"
_DECLARED = re.compile(r"^kind:\s*[\"']?(\w+)", re.MULTILINE)
_NAMED = re.compile(r"^\s*metadata:\s*\{?\s*(?:\w+:[^\n]*\n\s*)*?name:\s*[\"']?([^\s,\"'}]+)", re.MULTILINE)
_NAMESPACED = re.compile(r"\bnamespace:\s*[\"']?([-a-z0-9]+)")
_KIND = re.compile(r"\bKind\(\s*name=\"(\w+)\"")


def known_keys(config: Path | None) -> list[str]:
    """Every key as a person writes it."""
    try:
        place = find_settings(config, os.environ)
        told: object = yaml.load(place.read_bytes(), yaml.CSafeLoader)  # a safe loader, the quick one
    except (SetpointError, OSError, ValueError, yaml.YAMLError):
        return []
    settings = cast("dict[str, Any]", told) if isinstance(told, dict) else dict[str, Any]()
    folder = place.absolute().parent
    state = folder / str(settings.get("state") or _STATE)
    found = (
        _from_daemon(folder / str(settings.get("socket") or state / "setpoint.sock"))
        or [name.removeprefix(_HIDDEN) for name in names_in_force(state / "setpoint.db")]
        or sorted({*_from_source(settings.get("source"), folder)})
    )
    return list(found)


def known_kinds() -> list[str]:
    """The kinds of the installed systems, told by the text of their packages: to load them takes too long."""
    return sorted({name for place in _packages() for name in _kinds_of(place)})


def _packages() -> Iterator[Path]:
    from importlib.metadata import entry_points  # noqa: PLC0415  # keys need not wait for it

    for entry in entry_points(group="setpoint.systems"):
        spec = find_spec(entry.module)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent


def _kinds_of(package: Path) -> Iterator[str]:
    for file in package.glob("kinds/*/__init__.py"):
        yield from _KIND.findall(file.read_text(encoding="utf-8", errors="replace"))


def _from_daemon(socket: Path) -> list[str]:
    try:
        if not socket.is_socket():
            return []
    except PermissionError:
        return []
    from setpoint.cli.client import Client  # noqa: PLC0415  # a third of the time, where nobody can be asked

    try:
        told = Client(socket).get("/v1/keys", seconds=PATIENCE)
    except SetpointError:
        return []
    return [str(key) for key in told["keys"]]


def _from_source(source: object, folder: Path) -> Iterator[str]:
    """What the folder of the source seems to declare; a repository elsewhere is not asked."""
    for top in _folders(source, folder):
        files = (Path(above, name) for above, _, names in os.walk(top) for name in names)
        declared = (file for file in files if is_declaration(file.relative_to(top).as_posix()))
        for _, file in zip(range(MOST), declared, strict=False):
            yield from _in_text(_content(file))


def _folders(source: object, folder: Path) -> Iterator[Path]:
    match source:
        case {"directory": {"path": str(path)}}:
            yield folder / path
        case {"git": {"url": str(url), "path": str(path)}} if ":" not in url.partition("/")[0]:
            yield folder / url / path
        case _:
            return


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _in_text(text: str) -> Iterable[str]:
    for document in re.split(r"^---", text, flags=re.MULTILINE):
        kind, name = _DECLARED.search(document), _NAMED.search(document)
        if kind and name:
            space = _NAMESPACED.search(document)
            prefix = f"{space[1]}/" if space and space[1] != "default" else ""
            yield f"{prefix}{kind[1]}/{name[1]}"
