"""Lets happen what the recording says happened between its entries: unrecorded requests, and events from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.model import Answer, Identity, Outside, Request
from tests.conformance.raw import as_object, data_of, objects
from tests.conformance.schedule import task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conformance.api import Api
    from tests.conformance.binding import Bindings
    from tests.conformance.model import Event, Json

EVENT = "EVENT"
"""Stands in the place of a method when an event is told to the emulator; its path is the kind of event."""


class Happenings:
    """Turns events into requests; each gives what is to be kept about it."""

    def __init__(self, api: Api, bindings: Bindings, started: Callable[[int], str | None]) -> None:
        """`started` gives the emulated name of the task that an entry started."""
        self._api = api
        self._bindings = bindings
        self._started = started

    def happen(self, event: Event) -> Iterator[Outside]:
        """Let one event happen."""
        match event.spec:
            case {"sleep_s": int() | float() as seconds}:
                self._api.lab.advance(seconds)
            case {"api": dict(call)}:
                yield Outside(event.before, *self._unrecorded(call))
            case {"acl_grant": dict(grant)}:
                for who in ("users", "tokens"):
                    yield Outside(
                        event.before, *self._change_acl(grant["path"], grant["role"], who, grant[who])
                    )
            case {"acl_revoke_all": dict(revoked)}:
                for row, who in self._held(revoked):
                    changed = self._change_acl(row["path"], row["roleid"], who, [row["ugid"]], delete=True)
                    yield Outside(event.before, *changed)
            case {"task_ends": _}:
                return  # the schedule waits for it
            case _:
                kind, spec = self._told(event.spec)
                yield Outside(event.before, Answer(EVENT, kind, self._api.lab.event({kind: spec})))

    def _unrecorded(self, call: dict[str, Json]) -> tuple[Answer, dict[str, Json]]:
        params = {key: self._revealed(value) for key, value in as_object(call.get("params")).items()}
        request = Request(str(call["method"]), str(call["path"]), params)
        reply = self._api.ask(request, Identity(0, 0, str(call["as"])))
        self._api.credentials.learn(reply)
        self._api.finish(task_of(reply.body))
        return Answer(request.method, request.path, reply), params

    def _revealed(self, value: Json) -> Json:
        cut = isinstance(value, str) and value.startswith("<")
        return self._api.credentials.password(str(value)) if cut else value

    def _change_acl(
        self, path: Json, role: Json, who: str, names: Json, *, delete: bool = False
    ) -> tuple[Answer, dict[str, Json]]:
        holders = ",".join(str(name) for name in names) if isinstance(names, list) else str(names)
        params: dict[str, Json] = {"path": path, "roles": role, who: holders} | (
            {"delete": 1} if delete else {}
        )
        reply = self._api.ask(Request("PUT", "/access/acl", params))
        return Answer("PUT", "/access/acl", reply), params

    def _held(self, revoked: dict[str, Json]) -> Iterator[tuple[dict[str, Json], str]]:
        """The grants of those named, each with the parameter that names its holder."""
        rows = objects(data_of(self._api.ask(Request("GET", "/access/acl")).body))
        for who in ("users", "tokens"):
            names = revoked.get(who)
            yield from ((row, who) for row in rows if isinstance(names, list) and row.get("ugid") in names)

    def _told(self, spec: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
        """The kind of an event, which stands first in it, and one object with all that is said about it."""
        (kind, first), *others = spec.items()
        about = first if isinstance(first, dict) else {"value": first}
        return kind, as_object(self._bound({**about, **dict(others)}))

    def _bound(self, value: Json) -> Json:
        """Part of an event, with emulated names in the place of recorded ones."""
        match value:
            case dict():
                bound = {key: self._bound(item) for key, item in value.items() if key != "task_of_entry"}
                entry = value.get("task_of_entry")
                return bound | ({"upid": self._started(entry)} if isinstance(entry, int) else {})
            case str():
                return self._bindings.translate(value)
            case _:
                return value
