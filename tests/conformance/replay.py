"""Plays one trace against an emulator, in the recorded order and time, and keeps every answer; it judges nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.binding import Bindings
from tests.conformance.compare import compare_reply, compare_row
from tests.conformance.identity import ROOT, Credentials
from tests.conformance.lab import PREFIXES, Lab
from tests.conformance.model import Answer, Exchange, Identity, Outside, Probe, Request, Run
from tests.conformance.probes import ProbeTable
from tests.conformance.schedule import task_of, tasks_to_finish
from tests.conformance.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conformance.model import Event, Json, Reply, Trace

POLL_SECONDS = 0.3
POLL_ROUNDS = 400
"""How often, and how many times, the recorder asked for a task that it waited for: 120 seconds."""

OK = 200
EVENT = "EVENT"
"""Stands for the method where an event was refused."""

_ROOT = Identity(0, 0, f"{ROOT} ticket")


class Replay:
    """One replay of one trace."""

    def __init__(self, trace: Trace, base_url: str) -> None:
        """Play `trace` against the emulator at `base_url`."""
        self._trace = trace
        self._setup = trace.setup
        self._lab = Lab(base_url)
        self._api = Transport(base_url, PREFIXES[trace.system])
        self._credentials = Credentials(self._api)
        self._bindings = Bindings(self._setup.state)
        self._due = tasks_to_finish(trace)
        self._polls = {poll.entry: poll for poll in self._setup.polls}
        self._answers: dict[int, Answer] = {}
        self._outside: list[Outside] = []
        self._table: ProbeTable | None = None

    def run(self) -> Run:
        """Play all of it, from a fresh world."""
        self._lab.reset(self._credentials.provision(self._setup.state))
        self._credentials.log_in()
        for at in self._setup.order:
            self._pass_to(at)
            if at in self._setup.artifacts:
                self._skip(at)
            else:
                self._play(at)
        self._pass_to(len(self._trace.entries))
        return Run(self._trace, self._answers, tuple(self._outside))

    def _pass_to(self, at: int) -> None:
        """Let happen what happened before an entry."""
        for started in self._due.get(at, ()):
            self._finish(self._started(started))
        for event in self._setup.events:
            if event.before == at:
                self._happen(event)
        for pause in self._setup.pauses:
            if pause.before == at:
                self._lab.advance(pause.seconds)

    def _skip(self, at: int) -> None:
        poll = self._polls.get(at)
        if poll is not None and poll.task_of is not None:
            self._finish(self._started(poll.task_of))

    def _play(self, at: int) -> None:
        match self._trace.entries[at]:
            case Exchange() as entry:
                self._exchange(entry)
            case Probe() as probe:
                self._probe(probe)
            case _:
                return

    def _exchange(self, entry: Exchange) -> None:
        request = self._bindings.request(replace(entry.request, params=self._filled(entry)))
        headers = {
            name: text for name, text in entry.request.headers.items() if not text.startswith("<redacted")
        }
        headers |= self._credentials.headers(self._identity(entry.index))
        multipart = self._setup.bodies.get(entry.index)

        def send() -> Reply:
            return self._api.send(request, headers, multipart)

        reply = self._until_stopped(send) if entry.index in self._polls else send()
        self._answers[entry.index] = Answer(request.method, request.path, reply)
        compare_reply(entry, reply, self._bindings)
        self._credentials.learn(reply)
        self._lab.advance(entry.seconds)

    def _probe(self, probe: Probe) -> None:
        if self._table is None:
            self._table = ProbeTable(
                self._probed_path(), self._ask, lambda reply: self._finish(task_of(reply.body))
            )
        answer = self._table.answer(replace(probe, sent=self._bindings.translate(probe.sent)))
        self._answers[probe.index] = answer
        compare_row(probe, answer.reply.body, self._bindings)

    def _probed_path(self) -> str:
        """The config of the guest that was made before the first row."""
        made = next(item for item in self._outside if item.answer.method == "POST" and "vmid" in item.params)
        return f"{made.answer.path}/{made.params['vmid']}/config"

    def _filled(self, entry: Exchange) -> Mapping[str, Json] | None:
        """The parameters, with something in the place of passwords that were cut."""
        if entry.request.params is None:
            return None
        filled = dict(entry.request.params)
        for (at, name), description in self._setup.redacted.items():
            if at == entry.index:
                filled[name] = self._credentials.password(description)
        return filled

    def _identity(self, at: int) -> Identity:
        return next((item for item in self._setup.identities if item.first <= at <= item.last), _ROOT)

    def _ask(self, request: Request) -> Reply:
        """Send a request of our own as root@pam."""
        return self._api.send(request, self._credentials.headers(_ROOT))

    def _started(self, at: int) -> str | None:
        answer = self._answers.get(at)
        return None if answer is None else task_of(answer.reply.body)

    def _finish(self, upid: str | None) -> None:
        """Wait for a task, by its emulated name."""
        if upid is not None:
            path = f"/nodes/{upid.split(':')[1]}/tasks/{upid}/status"
            self._until_stopped(lambda: self._ask(Request("GET", path)))

    def _until_stopped(self, send: Callable[[], Reply]) -> Reply:
        reply = send()
        for _ in range(POLL_ROUNDS):
            if not _is_running(reply):
                break
            self._lab.advance(POLL_SECONDS)
            reply = send()
        return reply

    def _happen(self, event: Event) -> None:
        match event.spec:
            case {"sleep_s": int() | float() as seconds}:
                self._lab.advance(seconds)
            case {"api": dict() as call}:
                self._unrecorded(event, call)
            case {"acl_grant": dict() as grant}:
                for who in ("users", "tokens"):
                    params: dict[str, Json] = {
                        "path": grant["path"],
                        "roles": grant["role"],
                        who: _joined(grant[who]),
                    }
                    self._outside_request(event, Request("PUT", "/access/acl", params), _ROOT)
            case {"acl_revoke_all": dict() as revoked}:
                self._revoke(event, revoked)
            case {"task_ends": _}:
                return  # the schedule waits for it
            case _:
                self._tell(event)

    def _unrecorded(self, event: Event, call: dict[str, Json]) -> None:
        given = call.get("params")
        params = {
            key: self._revealed(value) for key, value in (given if isinstance(given, dict) else {}).items()
        }
        request = Request(str(call["method"]), str(call["path"]), params)
        reply = self._outside_request(event, request, Identity(0, 0, str(call["as"])))
        self._credentials.learn(reply)
        self._finish(task_of(reply.body))

    def _revealed(self, value: Json) -> Json:
        return (
            self._credentials.password(value) if isinstance(value, str) and value.startswith("<") else value
        )

    def _revoke(self, event: Event, revoked: dict[str, Json]) -> None:
        body = self._ask(Request("GET", "/access/acl")).body
        rows = body.get("data") if isinstance(body, dict) else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and (who := _holder(row, revoked)) is not None:
                params = {"path": row["path"], "roles": row["roleid"], who: row["ugid"], "delete": 1}
                self._outside_request(event, Request("PUT", "/access/acl", params), _ROOT)

    def _outside_request(self, event: Event, request: Request, identity: Identity) -> Reply:
        reply = self._api.send(request, self._credentials.headers(identity))
        answer = Answer(request.method, request.path, reply)
        self._outside.append(Outside(event.before, answer, request.params or {}))
        return reply

    def _tell(self, event: Event) -> None:
        kind = next(iter(event.spec))
        reply = self._lab.event({key: self._bound(value) for key, value in event.spec.items()})
        self._outside.append(Outside(event.before, Answer(EVENT, kind, reply)))

    def _bound(self, value: Json) -> Json:
        """Part of an event, with emulated names in the place of recorded ones."""
        match value:
            case dict():
                bound = {key: self._bound(item) for key, item in value.items() if key != "task_of_entry"}
                started = value.get("task_of_entry")
                return bound | ({"upid": self._started(started)} if isinstance(started, int) else {})
            case str():
                return self._bindings.translate(value)
            case _:
                return value


def _is_running(reply: Reply) -> bool:
    data = reply.body.get("data") if isinstance(reply.body, dict) else None
    return reply.status == OK and isinstance(data, dict) and data.get("status") == "running"


def _joined(names: Json) -> str:
    return ",".join(str(name) for name in names) if isinstance(names, list) else str(names)


def _holder(row: dict[str, Json], revoked: dict[str, Json]) -> str | None:
    """Which parameter names the holder of a grant, None when it is not one of those to be revoked."""
    for who in ("users", "tokens"):
        names = revoked.get(who)
        if isinstance(names, list) and row.get("ugid") in names:
            return who
    return None
