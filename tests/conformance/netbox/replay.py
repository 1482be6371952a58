"""Plays one folder of NetBox against the emulator, in the recorded order and time, and keeps all that came back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tests.conformance.binding import Bindings
from tests.conformance.compare import compare_reply
from tests.conformance.happen import EVENT
from tests.conformance.lab import Lab
from tests.conformance.model import Answer, Outside, Reply, Request, Run
from tests.conformance.netbox.deliveries import REQUEST_ID, find_deliveries
from tests.conformance.netbox.dialect import NETBOX
from tests.conformance.netbox.identity import AUTHORIZATION, Tokens
from tests.conformance.netbox.load import load_folder
from tests.conformance.netbox.receiver import Receiver
from tests.conformance.raw import as_object, integer
from tests.conformance.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conformance.model import Event, Exchange, Json, Trace
    from tests.conformance.netbox.folder import Folder

REDIRECTS = frozenset({301, 302, 307, 308})
NOTHING_TO_DO = frozenset({"none", "background", "expect", "expect_deliveries"})
"""Events for information, and what holds anyway: deliveries are sent, and the receiver answers 200."""

WITHIN_SECOND = 0.0007
"""Dates were recorded in whole seconds, at which nothing happens: such a time would be written without fraction."""

_JSON = "application/json"


class Player:
    """The folders played against one emulator, each once: deliveries are found in what other folders led to."""

    def __init__(self, root: Path, base_url: str) -> None:
        """Play the recordings below `root` against the emulator at `base_url`."""
        self._root = root
        self._base_url = base_url
        self._played: dict[str, Run] = {}

    def run(self, trace: Trace) -> Run:
        """The replay of a folder."""
        return self._play(trace.file)

    def _play(self, name: str) -> Run:
        if name not in self._played:
            folder = self._load(name)
            self._played[name] = (
                find_deliveries(folder, self._load, self._play)
                if folder.causes
                else FolderReplay(folder, self._base_url).run()
            )
        return self._played[name]

    def _load(self, name: str) -> Folder:
        return load_folder(self._root, name)


class FolderReplay:
    """One replay of one folder."""

    def __init__(self, folder: Folder, base_url: str) -> None:
        """Play `folder` against the emulator at `base_url`."""
        self._folder = folder
        self._trace = folder.trace
        self._lab = Lab(base_url)
        self._transport = Transport(base_url)
        self._tokens = Tokens()
        self._answers: dict[int, Answer] = {}
        self._outside: list[Outside] = []

    def run(self) -> Run:
        """Play all of it, from a fresh world; when there is none, every entry went without reply."""
        setup = self._trace.setup
        sent = [at for at in setup.order if at not in setup.artifacts]
        if not sent:
            return Run(self._trace, {})
        with Receiver() as receiver:
            ties = tuple(("origin", address, receiver.origin) for address in self._folder.receivers)
            self._bindings = Bindings(NETBOX, setup.state, ties)
            problem = self._lab.reset(self._start(ties))
            if problem is not None:
                return Run(self._trace, dict.fromkeys(sent, Answer("", "", Reply(None, failure=problem))))
            for at in sent:
                self._pass_to(at)
                self._send(self._trace.exchanges[at])
            came = receiver.settle(self._expected()) if self._counts_deliveries else ()
        counts = [delivery.cause for delivery in came]
        answers = {
            at: replace(
                answer, reply=replace(answer.reply, deliveries=counts.count(request_id(answer.reply)))
            )
            for at, answer in self._answers.items()
        }
        return Run(self._trace, answers, tuple(self._outside), ties, came)

    @property
    def _counts_deliveries(self) -> bool:
        return any(entry.reply.deliveries is not None for entry in self._trace.exchanges)

    def _expected(self) -> int:
        """How many deliveries the entries that went as recorded must have led to."""
        replies = [(self._trace.exchanges[at].reply, answer.reply) for at, answer in self._answers.items()]
        return sum(ours.deliveries or 0 for ours, theirs in replies if ours.status == theirs.status)

    def _start(self, ties: tuple[tuple[str, str, str], ...]) -> dict[str, Json]:
        """The state as the emulator is told it: with values for tokens, and webhooks that point to us."""
        state = self._tokens.provision(dict(self._trace.setup.state))
        return as_object(Bindings(NETBOX, None, ties).translated(state))

    def _pass_to(self, at: int) -> None:
        for event in self._trace.setup.events:
            if event.before == at:
                self._happen(event)

    def _happen(self, event: Event) -> None:
        expect = as_object(event.spec.get("expect"))
        for kind, spec in event.spec.items():
            if kind == "request":
                call = as_object(spec)
                request = Request(str(call["method"]), str(call["path"]), body=call.get("body"))
                headers = self._tokens.header(str(call["as"]), None) | {
                    "Accept": _JSON,
                    "Content-Type": _JSON,
                }
                reply = self._exchange(self._bindings.request(request), headers)
                answer = Answer(request.method, request.path, reply)
                expected = integer(expect["status"]) if "status" in expect else None
                self._outside.append(Outside(event.before, answer, expected=expected))
            elif kind not in NOTHING_TO_DO:
                reply = self._lab.event({kind: self._bindings.translated(spec)})
                self._outside.append(Outside(event.before, Answer(EVENT, kind, reply)))

    def _send(self, entry: Exchange) -> None:
        request = self._bindings.request(entry.request)
        recorded = request.headers.get(AUTHORIZATION)
        headers = {name: text for name, text in request.headers.items() if name != AUTHORIZATION}
        headers |= self._tokens.header(self._folder.identities[entry.index], recorded)
        self._lab.advance(self._folder.dates[entry.index] + WITHIN_SECOND - self._lab.now())
        reply = self._exchange(request, headers)
        self._lab.advance(entry.seconds)
        self._answers[entry.index] = Answer(request.method, request.path, reply)
        compare_reply(entry, reply, self._bindings)

    def _exchange(self, request: Request, headers: Mapping[str, str]) -> Reply:
        """Send, and follow a redirection as the recorder's client did."""
        target = quote(request.path, safe="/%") + (f"?{request.query}" if request.query else "")
        body = b"" if request.body is None else _written(request.body)
        reply = self._transport.raw(request.method, target, headers, body)
        location = {name.lower(): text for name, text in reply.headers.items()}.get("location")
        if request.method == "GET" and reply.status in REDIRECTS and location:
            parts = urlsplit(location)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            reply = self._transport.raw(request.method, target, headers, b"")
        return reply


def request_id(reply: Reply) -> str:
    """The id that the server gave to the request."""
    return {name.lower(): text for name, text in reply.headers.items()}.get(REQUEST_ID.lower(), "")


def _written(body: Json) -> bytes:
    """The body on the wire: a text is what was sent as it stands."""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
