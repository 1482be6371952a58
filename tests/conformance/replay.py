"""Plays one trace against an emulator, in the recorded order and time, and keeps every answer; it judges nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.api import AS_ROOT, Api
from tests.conformance.binding import Bindings
from tests.conformance.compare import compare_reply, compare_row
from tests.conformance.happen import Happenings
from tests.conformance.model import Answer, Exchange, Identity, Outside, Probe, Reply, Run
from tests.conformance.probes import ProbeTable
from tests.conformance.proxmox import PROXMOX
from tests.conformance.schedule import task_of, tasks_to_finish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.model import Json, Trace


class Replay:
    """One replay of one trace."""

    def __init__(self, trace: Trace, base_url: str) -> None:
        """Play `trace` against the emulator at `base_url`."""
        self._trace = trace
        self._setup = trace.setup
        self._api = Api(trace.system, base_url)
        self._bindings = Bindings(PROXMOX, self._setup.state)
        self._happenings = Happenings(self._api, self._bindings, self._started)
        self._due = tasks_to_finish(trace)
        self._polls = {poll.entry: poll for poll in self._setup.polls}
        self._answers: dict[int, Answer] = {}
        self._outside: list[Outside] = []
        self._table: ProbeTable | None = None

    def run(self) -> Run:
        """Play all of it, from a fresh world; when there is none, every entry went without reply."""
        problem = self._api.lab.reset(self._api.credentials.provision(self._setup.state))
        if problem is not None:
            silence = Answer("", "", Reply(None, failure=problem))
            return Run(self._trace, dict.fromkeys(self._setup.order, silence))
        self._api.credentials.log_in()
        for at in self._setup.order:
            self._pass_to(at)
            self._play(at)
        self._pass_to(len(self._trace.entries))
        return Run(self._trace, self._answers, tuple(self._outside))

    def _pass_to(self, at: int) -> None:
        """Let happen what happened before an entry."""
        for started in self._due.get(at, ()):
            self._api.finish(self._started(started))
        for event in self._setup.events:
            if event.before == at:
                self._outside.extend(self._happenings.happen(event))
        for pause in self._setup.pauses:
            if pause.before == at:
                self._api.lab.advance(pause.seconds)

    def _play(self, at: int) -> None:
        """Send an entry; of an artefact, only wait for the task that the recorder waited for there."""
        poll = self._polls.get(at)
        match self._trace.entries[at]:
            case _ if at in self._setup.artifacts:
                if poll is not None and poll.task_of is not None:
                    self._api.finish(self._started(poll.task_of))
            case Exchange() as entry:
                self._exchange(entry, polled=poll is not None)
            case Probe() as probe:
                self._probe(probe)
            case _:
                return

    def _exchange(self, entry: Exchange, *, polled: bool) -> None:
        request = self._bindings.request(replace(entry.request, params=self._filled(entry)))
        headers = {
            name: text for name, text in entry.request.headers.items() if not text.startswith("<redacted")
        }
        headers |= self._api.credentials.headers(self._identity(entry.index))
        multipart = self._setup.bodies.get(entry.index)

        began = 0.0

        def send() -> Reply:
            nonlocal began
            began = self._api.lab.now()
            return self._api.send(request, headers, multipart)

        reply = self._api.until_stopped(send) if polled else send()
        self._answers[entry.index] = Answer(request.method, request.path, reply)
        compare_reply(entry, reply, self._bindings)
        self._api.credentials.learn(reply)
        self._api.lab.advance(began + entry.seconds - self._api.lab.now())

    def _probe(self, probe: Probe) -> None:
        if self._table is None:
            wait = self._api.finish
            self._table = ProbeTable(
                self._probed_path(), self._api.ask, lambda reply: wait(task_of(reply.body))
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
        cut = {name: text for (at, name), text in self._setup.redacted.items() if at == entry.index}
        return {**entry.request.params, **{name: self._api.credentials.password(cut[name]) for name in cut}}

    def _identity(self, at: int) -> Identity:
        return next((item for item in self._setup.identities if item.first <= at <= item.last), AS_ROOT)

    def _started(self, at: int) -> str | None:
        answer = self._answers.get(at)
        return None if answer is None else task_of(answer.reply.body)
