"""Reads the entry of SETUP that belongs to a file; what it leaves to a reply of the file is filled in here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from tests.conformance.model import (
    Event,
    Exchange,
    Identity,
    Multipart,
    Part,
    Pause,
    Poll,
    Remark,
    Setup,
)
from tests.conformance.raw import as_list, as_object, integer, integers, number, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.conformance.model import Entry, Json

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


def read_setup(raw: dict[str, Json], entries: Sequence[Entry]) -> Setup:
    """What SETUP says about a file; a file about which it says nothing starts from an empty system."""
    if not raw:
        return Setup(
            state=EMPTY_SYSTEM,
            identities=(Identity(0, len(entries), "root@pam ticket"),),
            order=tuple(range(len(entries))),
            artifacts=_artifacts([], entries),
            remarks=frozenset(entry.index for entry in entries if isinstance(entry, Remark)),
        )
    order = raw.get("order")
    artifacts = _artifacts(objects(raw.get("not_replayable")), entries)
    return Setup(
        state=_state(raw, entries),
        identities=tuple(_identity(item) for item in objects(raw.get("identity"))),
        order=tuple(integers(order)) if isinstance(order, list) else tuple(range(len(entries))),
        events=tuple(_events(objects(raw.get("events")), artifacts)),
        pauses=tuple(_pauses(objects(raw.get("waits")))),
        polls=tuple(_polls(objects(raw.get("waits")))),
        bodies={integer(item["entry"]): _multipart(item) for item in objects(raw.get("bodies"))},
        redacted={
            (integer(item["entry"]), str(item["param"])): str(item["value"])
            for item in objects(raw.get("redacted"))
        },
        artifacts=artifacts,
        remarks=frozenset(integers(raw.get("bare_notes"))),
    )


def _state(raw: dict[str, Json], entries: Sequence[Entry]) -> dict[str, Json]:
    """The start, with how the systems inside the guests act, which SETUP keeps beside it."""
    behaviour: dict[str, Json] = {key: raw[key] for key in ("guest_behaviour",) if key in raw}
    return as_object(_resolve(raw.get("state"), entries)) | behaviour


def _identity(raw: dict[str, Json]) -> Identity:
    first, last = integers(raw["entries"])
    extra = {key: str(raw[key]) for key in ("csrf", "cookie", "secret", "authorization") if key in raw}
    return Identity(first, last, str(raw["as"]), **extra)


def _events(raw: Iterable[dict[str, Json]], artifacts: frozenset[int]) -> Iterable[Event]:
    """An event that must be arranged before its entry happens there, and no longer names the entry.

    One that was arranged for an artefact is left out: nobody sends that entry, and another one would be hit.
    """
    for item in raw:
        spec = as_object(item["event"])
        if any(isinstance(value, dict) and value.get("entry") in artifacts for value in spec.values()):
            continue
        if "arm_before" not in item:
            yield Event(integer(item["before"]), spec)
            continue
        armed = {kind: _without(value, "task_of_entry", "entry") for kind, value in spec.items()}
        yield Event(integer(item["arm_before"]), armed)


def _without(value: Json, *keys: str) -> Json:
    return {key: item for key, item in value.items() if key not in keys} if isinstance(value, dict) else value


def _pauses(raw: Iterable[dict[str, Json]]) -> Iterable[Pause]:
    for item in raw:
        if "sleep_s" in item:
            yield Pause(integer(item["before"]), number(item["sleep_s"]))


def _polls(raw: Iterable[dict[str, Json]]) -> Iterable[Poll]:
    for item in raw:
        if "poll" in item:
            task_of = item.get("task_of_entry")
            yield Poll(integer(item["entry"]), task_of if isinstance(task_of, int) else None)


def _multipart(raw: dict[str, Json]) -> Multipart:
    body = as_object(raw["multipart"])
    return Multipart(str(body["boundary"]), tuple(_part(part) for part in objects(body["parts_in_order"])))


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
        at for item in not_replayable if item.get("partial") is not True for at in integers(item["entry"])
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
                    found = {name: _found(entries, at, "data") for name, at in as_object(source).items()}
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
    return [str(key) for key in as_list(source.get("drop"))]


def _as_config(value: Json) -> Json:
    """A config as text, which is the form of a config in a state."""
    return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value


def _found(entries: Sequence[Entry], at: Json, path: str) -> Json:
    entry = entries[at] if isinstance(at, int) else None
    value: Json = entry.reply.body if isinstance(entry, Exchange) else None
    for name, key, wanted in cast("list[tuple[str, str, str]]", _FILTER.findall(path)):
        value = as_object(value).get(name)
        if key:
            value = next((item for item in objects(value) if item.get(key) == wanted), None)
    return value
