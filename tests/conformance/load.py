"""Reads files of recorded exchanges into values; neighbour: `setup`, which reads what SETUP says about a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.model import Exchange, Probe, Remark, Reply, Request, Trace
from tests.conformance.raw import as_list, as_object, number, read, texts
from tests.conformance.setup import read_setup

if TYPE_CHECKING:
    from tests.conformance.model import Entry, Json

DEFAULT_REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
ABOUT = frozenset({"INDEX.json", "SETUP.json"})
_UNCOMPARED_COLUMNS = frozenset({"key", "sent", "method", "note", "rig_artifact"})


def reference() -> Path:
    """Where the recorded exchanges lie: $SETPOINT_REFERENCE, or the folder beside the checkout."""
    return Path(os.environ.get("SETPOINT_REFERENCE") or DEFAULT_REFERENCE)


def systems(root: Path) -> list[str]:
    """The systems of which exchanges were recorded."""
    return sorted(folder.parent.name for folder in root.glob("*/traces"))


def trace_files(root: Path, system: str) -> list[Path]:
    """The files of exchanges of a system, those in folders included."""
    return sorted(path for path in (root / system / "traces").rglob("*.json") if path.name not in ABOUT)


def count_entries(path: Path) -> int:
    """How many entries a file has, whatever their form."""
    content = read(path)
    return len(content) if isinstance(content, list) else 1


def load_trace(root: Path, system: str, path: Path) -> Trace:
    """Read one file with its entry in SETUP."""
    about = path.parent / "SETUP.json"
    files = as_object(as_object(read(about)).get("files")) if about.exists() else {}
    entries = tuple(_entry(at, as_object(item)) for at, item in enumerate(as_list(read(path))))
    return Trace(system, path.name, entries, read_setup(as_object(files.get(path.name)), entries))


def _entry(at: int, raw: dict[str, Json]) -> Entry:
    artifact = raw.get("rig_artifact") is True
    if "request" in raw:
        request, response = _request(as_object(raw["request"])), _reply(as_object(raw.get("response")))
        return Exchange(at, request, response, number(raw.get("seconds")), artifact)
    if "key" in raw:
        columns = {key: value for key, value in raw.items() if key not in _UNCOMPARED_COLUMNS}
        method = raw.get("method")
        return Probe(
            at, str(raw["key"]), str(raw["sent"]), str(method) if method else None, columns, artifact
        )
    return Remark(at)


def _request(raw: dict[str, Json]) -> Request:
    params = raw.get("params")
    return Request(
        method=str(raw["method"]),
        path=str(raw["path"]),
        params=params if isinstance(params, dict) else None,
        encoding=str(raw.get("encoding") or "form"),
        headers=texts(raw.get("headers")),
    )


def _reply(raw: dict[str, Json]) -> Reply:
    status = raw.get("status")
    if not isinstance(status, int):
        return Reply(None, failure=str(raw.get("exception")))
    return Reply(status, str(raw.get("reason")), raw.get("body"), texts(raw.get("headers")))
