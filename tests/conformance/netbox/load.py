"""Reads a folder of recorded exchanges, one in each file, with what SETUP says about the folder."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.conformance.dependence import Unsupported
from tests.conformance.load import ABOUT
from tests.conformance.model import Event, Exchange, Reply, Request, Setup, Trace
from tests.conformance.netbox.bulk import expanded
from tests.conformance.netbox.deliveries import causes_of, counted, read_deliveries
from tests.conformance.netbox.folder import SYSTEM, Folder
from tests.conformance.raw import as_list, as_object, number, objects, read, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.conformance.model import Json

PARTIAL = Path(__file__).with_name("partial.json")
_ADDRESS = "payload_url"


def folders(root: Path) -> list[Path]:
    """The folders of exchanges, the one around them included."""
    traces = root / SYSTEM / "traces"
    return [traces, *sorted(path for path in traces.iterdir() if path.is_dir())]


def load_trace(root: Path, path: Path) -> Trace:
    """Read one folder, for whoever only counts and compares."""
    return load_folder(root, _name(root, path)).trace


@lru_cache(maxsize=64)
def load_folder(root: Path, name: str) -> Folder:
    """Read one folder by its name; the one around the folders is called `.`."""
    described = described_folders(root)
    about = as_object(described.get(name))
    contents = {
        path.name: read(path)
        for path in sorted((root / SYSTEM / "traces" / name).glob("*.json"))
        if path.name not in ABOUT
    }
    if (causes := causes_of(about)) is not None:
        return read_deliveries(name, contents, causes, lambda cause: load_folder(root, cause))
    parts, count = read_parts(about, name), counted(described, name)
    entries = tuple(
        _exchange(at, file, content, parts.get(file, ""), count)
        for at, (file, content) in enumerate(contents.items())
    )
    setup = _setup(described, about, entries, tuple(contents))
    told: list[Json] = [dict(setup.state), *(entry.request.body for entry in entries)]
    return Folder(
        trace=Trace(SYSTEM, name, entries, setup, tuple(contents)),
        identities=_by_entry(texts(about.get("identity")), tuple(contents)),
        dates={entry.index: _date(entry.reply) for entry in entries},
        receivers=tuple(sorted(set(_receivers(told)))),
    )


def described_folders(root: Path) -> dict[str, Json]:
    """What SETUP says, by folder."""
    return as_object(as_object(read(root / SYSTEM / "traces" / "SETUP.json")).get("folders"))


def read_parts(about: Mapping[str, Json], name: str) -> dict[str, str]:
    """Which part of a reply is compared, by file: SETUP says where, the committed list says what."""
    listed = {
        str(item["file"]): str(item["part"]) for item in objects(read(PARTIAL)) if item["folder"] == name
    }
    return {file: listed[file] for file in as_object(about.get("compare")) if file in listed}


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root / SYSTEM / "traces").as_posix()


def _exchange(at: int, file: str, content: Json, part: str, count: Mapping[str, int] | None) -> Exchange:
    """One file; what is no exchange is kept as an entry that cannot be sent."""
    raw = as_object(content)
    if "response" not in raw:
        return Exchange(at, Request("", file), Reply(None))
    reply = _reply(as_object(raw["response"]))
    seconds = number(as_object(raw["response"]).get("elapsed_ms")) / 1000
    deliveries = None if count is None else count.get(file, 0)
    request = _request(as_object(raw["request"]))
    return Exchange(at, request, replace(reply, deliveries=deliveries), seconds, part=part)


def _request(raw: dict[str, Json]) -> Request:
    params = raw.get("params")
    return Request(
        method=str(raw["method"]),
        path=str(raw["path"]),
        params=params if isinstance(params, dict) else None,
        encoding="json",
        headers=texts(raw.get("headers")),
        query=str(raw.get("query") or ""),
        body=raw.get("body"),
    )


def _reply(raw: dict[str, Json]) -> Reply:
    """The reason phrase was not recorded; the server's are the standard ones."""
    status = int(number(raw["status"]))
    return Reply(status, HTTPStatus(status).phrase, raw.get("body"), texts(raw.get("headers")))


def _setup(
    described: Mapping[str, Json],
    about: Mapping[str, Json],
    entries: Sequence[Exchange],
    names: tuple[str, ...],
) -> Setup:
    """The entries that cannot be replayed only because nothing supports them are asked last, to see that said."""
    index = {name: at for at, name in enumerate(names)}
    left_out = {index[name] for name in as_object(about.get("not_replayable")) if name in index}
    unsupported = Unsupported.of(SYSTEM)
    asked = [
        at
        for at in sorted(left_out)
        if unsupported.find(entries[at].request.method, entries[at].request.path) is not None
    ]
    order = [index[str(name)] for name in as_list(about.get("order"))]
    artifacts = frozenset(left_out - set(asked))
    return Setup(
        state=_state(described, as_object(about.get("state"))),
        order=(*order, *asked, *sorted(artifacts)),
        events=tuple(
            Event(index[str(item["before"])], as_object(item["event"]))
            for item in objects(about.get("events"))
        ),
        artifacts=artifacts,
    )


def _state(described: Mapping[str, Json], state: dict[str, Json]) -> dict[str, Json]:
    """The start with all its objects, or that of the folder which the text names first."""
    if isinstance(text := state.get("same_as"), str):
        return _state(described, as_object(as_object(described.get(text.split()[0])).get("state")))
    return expanded(state)


def _by_entry(named: Mapping[str, str], names: Iterable[str]) -> dict[int, str]:
    return {at: named.get(name, named.get("*", "none")) for at, name in enumerate(names)}


def _date(reply: Reply) -> float:
    text = reply.headers.get("Date")
    return parsedate_to_datetime(text).timestamp() if text else 0.0


def _receivers(value: Json) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(address := value.get(_ADDRESS), str):
                parts = urlsplit(address)
                yield f"{parts.scheme}://{parts.netloc}"
            for item in value.values():
                yield from _receivers(item)
        case list():
            for item in value:
                yield from _receivers(item)
        case _:
            return
