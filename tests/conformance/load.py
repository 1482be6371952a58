"""Reads the recorded exchanges and the SETUP beside them into values; what SETUP cuts short is resolved here."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.conformance.model import (
    Event,
    Exchange,
    Identity,
    Multipart,
    Part,
    Pause,
    Poll,
    Probe,
    Remark,
    Reply,
    Request,
    Setup,
    Trace,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.conformance.model import Entry, Json

DEFAULT_REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
ABOUT = frozenset({"INDEX.json", "SETUP.json"})
_UNCOMPARED_COLUMNS = frozenset({"key", "sent", "method", "note", "rig_artifact"})
_REPEATED = re.compile(r"the byte (.), (\d+) times")
_FILTER = re.compile(r"([^\[.]+)(?:\[([^=\]]+)=([^\]]*)\])?")

EMPTY_SYSTEM: dict[str, Json] = {
    "nodes": [{"name": "pve1", "online": True, "local": True, "ip": "10.99.0.1"}],
    "cluster": None,
    "quorate": True,
    "storages": {
        "local": {
            "type": "dir",
            "path": "/var/lib/vz",
            "content": "backup,images,iso,rootdir,snippets,vztmpl",
        },
        "local-zfs": {"type": "zfspool", "pool": "rpool/data", "sparse": 1, "content": "images,rootdir"},
    },
    "bridges": [
        {"iface": "vmbr0", "type": "bridge", "method": "static", "cidr": "10.99.0.1/24", "active": 1}
    ],
    "guests": [],
    "users": [{"userid": "root@pam", "realm-type": "pam", "enable": 1, "expire": 0}],
}
"""What a file without an entry in SETUP starts from."""


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
    content = _read(path)
    return len(content) if isinstance(content, list) else 1


def load_trace(root: Path, system: str, path: Path) -> Trace:
    """Read one file with its entry in SETUP."""
    about = path.parent / "SETUP.json"
    files = _object(_object(_read(about)).get("files")) if about.exists() else {}
    entries = tuple(_entry(at, _object(item)) for at, item in enumerate(_list(_read(path))))
    return Trace(system, path.name, entries, _setup(_object(files.get(path.name)), entries))


def _read(path: Path) -> Json:
    return cast("Json", json.loads(path.read_text("utf-8")))


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _texts(value: Json) -> dict[str, str]:
    return {key: str(item) for key, item in _object(value).items()}


def _integers(value: Json) -> list[int]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, int)]


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _entry(at: int, raw: dict[str, Json]) -> Entry:
    artifact = raw.get("rig_artifact") is True
    if "request" in raw:
        request, response = _request(_object(raw["request"])), _reply(_object(raw.get("response")))
        return Exchange(at, request, response, _number(raw.get("seconds")), artifact)
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
        headers=_texts(raw.get("headers")),
    )


def _reply(raw: dict[str, Json]) -> Reply:
    status = raw.get("status")
    if not isinstance(status, int):
        return Reply(None, failure=str(raw.get("exception")))
    return Reply(status, str(raw.get("reason")), raw.get("body"), _texts(raw.get("headers")))


def _setup(raw: dict[str, Json], entries: Sequence[Entry]) -> Setup:
    if not raw:
        return Setup(
            state=EMPTY_SYSTEM,
            identities=(Identity(0, len(entries), "root@pam ticket"),),
            order=tuple(range(len(entries))),
            artifacts=_artifacts([], entries),
            remarks=frozenset(entry.index for entry in entries if isinstance(entry, Remark)),
        )
    order = raw.get("order")
    return Setup(
        state=_object(_resolve(raw.get("state"), entries)),
        identities=tuple(_identity(item) for item in _objects(raw.get("identity"))),
        order=tuple(_integers(order)) if isinstance(order, list) else tuple(range(len(entries))),
        events=tuple(_events(_objects(raw.get("events")))),
        pauses=tuple(_pauses(_objects(raw.get("waits")))),
        polls=tuple(_polls(_objects(raw.get("waits")))),
        bodies={int(_number(item["entry"])): _multipart(item) for item in _objects(raw.get("bodies"))},
        redacted={
            (int(_number(item["entry"])), str(item["param"])): str(item["value"])
            for item in _objects(raw.get("redacted"))
        },
        artifacts=_artifacts(_objects(raw.get("not_replayable")), entries),
        remarks=frozenset(_integers(raw.get("bare_notes"))),
    )


def _identity(raw: dict[str, Json]) -> Identity:
    first, last = _integers(raw["entries"])
    extra = {key: str(raw[key]) for key in ("csrf", "cookie", "secret", "authorization") if key in raw}
    return Identity(first, last, str(raw["as"]), **extra)


def _events(raw: Iterable[dict[str, Json]]) -> Iterable[Event]:
    """An event that must be arranged before its entry happens there, and no longer names the entry."""
    for item in raw:
        spec = _object(item["event"])
        if "arm_before" not in item:
            yield Event(int(_number(item["before"])), spec)
            continue
        armed = {kind: _without(value, "task_of_entry", "entry") for kind, value in spec.items()}
        yield Event(int(_number(item["arm_before"])), armed)


def _without(value: Json, *keys: str) -> Json:
    return {key: item for key, item in value.items() if key not in keys} if isinstance(value, dict) else value


def _pauses(raw: Iterable[dict[str, Json]]) -> Iterable[Pause]:
    for item in raw:
        if "sleep_s" in item:
            yield Pause(int(_number(item["before"])), _number(item["sleep_s"]))


def _polls(raw: Iterable[dict[str, Json]]) -> Iterable[Poll]:
    for item in raw:
        if "poll" in item:
            task_of = item.get("task_of_entry")
            yield Poll(int(_number(item["entry"])), task_of if isinstance(task_of, int) else None)


def _multipart(raw: dict[str, Json]) -> Multipart:
    body = _object(raw["multipart"])
    return Multipart(str(body["boundary"]), tuple(_part(part) for part in _objects(body["parts_in_order"])))


def _part(raw: dict[str, Json]) -> Part:
    if "filename" not in raw:
        return Part(str(raw["name"]), str(raw["value"]))
    data = str(raw["data"])
    repeated = _REPEATED.fullmatch(data)
    if repeated is not None:
        data = repeated.group(1) * int(repeated.group(2))
    return Part(str(raw["name"]), data, str(raw["filename"]), str(raw["content_type"]))


def _artifacts(not_replayable: Iterable[Mapping[str, Json]], entries: Iterable[Entry]) -> frozenset[int]:
    """The entries that belong to the recorder's installation: flagged in the file, or named without `partial`."""
    named = {
        at for item in not_replayable if item.get("partial") is not True for at in _integers(item["entry"])
    }
    flagged = {entry.index for entry in entries if not isinstance(entry, Remark) and entry.artifact}
    return frozenset(named | flagged)


def _resolve(value: Json, entries: Sequence[Entry]) -> Json:
    """Replace `x_from: {entry, path}` by the value `x` found in that reply, and take_from_entries likewise."""
    match value:
        case dict():
            resolved = {key: _resolve(item, entries) for key, item in value.items()}
            for key, source in value.items():
                if key == "take_from_entries":
                    found = {name: _found(entries, at, "data") for name, at in _object(source).items()}
                    resolved |= {key: cast("Json", found)}
                elif key.endswith("_from") and isinstance(source, dict):
                    taken = _found(entries, source["entry"], str(source["path"]))
                    resolved[key.removesuffix("_from")] = _as_config(_without(taken, *_dropped(source)))
            return resolved
        case list():
            return [_resolve(item, entries) for item in value]
        case _:
            return value


def _dropped(source: dict[str, Json]) -> list[str]:
    return [str(key) for key in _list(source.get("drop"))]


def _as_config(value: Json) -> Json:
    """A config as text, which is the form of a config in a state."""
    return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value


def _found(entries: Sequence[Entry], at: Json, path: str) -> Json:
    entry = entries[at] if isinstance(at, int) else None
    value: Json = entry.reply.body if isinstance(entry, Exchange) else None
    for name, key, wanted in cast("list[tuple[str, str, str]]", _FILTER.findall(path)):
        value = _object(value).get(name)
        if key:
            value = next((item for item in _objects(value) if item.get(key) == wanted), None)
    return value
