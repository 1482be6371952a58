"""Judges a replay: for each entry equal, different, or why it is not covered. It sends nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.conformance.binding import Bindings
from tests.conformance.compare import compare_reply, compare_row
from tests.conformance.dialects import DIALECTS
from tests.conformance.happen import EVENT
from tests.conformance.model import Difference, Exchange, Judgement, Probe, Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conformance.dependence import Unsupported
    from tests.conformance.model import Json, Outside, Run

OK = 200
_LONGEST_BODY = 300
NOT_IMPLEMENTED = 501


def judge(run: Run, unsupported: Unsupported) -> tuple[Judgement, ...]:
    """The verdicts, in the order of the entries."""
    judging = _Judging(run, unsupported)
    judgements: list[Judgement] = []
    for at in run.trace.setup.order:
        judging.pass_to(at)
        entry = run.trace.entries[at]
        if isinstance(entry, Exchange | Probe):
            judgements.append(judging.entry(entry))
    return tuple(sorted(judgements, key=lambda judgement: judgement.index))


class _Judging:
    def __init__(self, run: Run, unsupported: Unsupported) -> None:
        self._run = run
        self._unsupported = unsupported
        self._dialect = DIALECTS[run.trace.system]
        self._bindings = self._begin(run.trace.setup.state)
        self._dependence = self._dialect.doubt(unsupported, run.trace.setup.state)

    def _begin(self, state: Mapping[str, Json]) -> Bindings:
        return Bindings(self._dialect, state, self._run.ties)

    def pass_to(self, at: int) -> None:
        if at in self._run.trace.setup.scopes:
            self._bindings = self._begin(self._run.trace.setup.scopes[at])
        for outside in self._run.outside:
            if outside.before == at:
                self._note(outside)

    def entry(self, entry: Exchange | Probe) -> Judgement:
        """One verdict; the bindings of an entry that is not covered are forgotten again."""
        request = self._request(entry)
        trivial = isinstance(entry, Exchange) and self._dialect.rules.is_trivial(entry)
        shown = _shown(request)
        if entry.index in self._run.trace.setup.artifacts:
            return Judgement(entry.index, Verdict.ARTIFACT, trivial, shown)
        self._bindings.request(request)
        mark = self._bindings.mark()
        differences = (*self._missed(entry.index), *self._compare(entry))
        verdict = self._verdict(entry, request, differences)
        if verdict in {Verdict.UNSUPPORTED, Verdict.DEPENDENT}:
            self._bindings.rollback(mark)
            if request.method != "GET":
                self._dependence.spread(request, entry.reply.body if isinstance(entry, Exchange) else None)
        return Judgement(entry.index, verdict, trivial, shown, differences)

    def _request(self, entry: Exchange | Probe) -> Request:
        if isinstance(entry, Exchange):
            return entry.request
        answer = self._run.answers.get(entry.index)
        path = answer.path if answer is not None else ""
        return Request(entry.method or "PUT", path, {entry.key: entry.sent})

    def _compare(self, entry: Exchange | Probe) -> tuple[Difference, ...]:
        reply = self._run.answers[entry.index].reply
        if isinstance(entry, Exchange):
            return compare_reply(entry, reply, self._bindings)
        return compare_row(entry, reply.body, self._bindings)

    def _missed(self, index: int) -> Iterator[Difference]:
        """What went otherwise than recorded between the entries, just before this one."""
        for outside in self._run.outside:
            answer = outside.answer
            if outside.before == index and outside.expected not in {None, answer.reply.status}:
                place = f"before: {answer.method} {answer.path}"
                yield Difference(
                    place, str(outside.expected), str(answer.reply.status or answer.reply.failure)
                )

    def _verdict(
        self, entry: Exchange | Probe, request: Request, differences: tuple[Difference, ...]
    ) -> Verdict:
        if not differences:
            return Verdict.EQUAL
        status = self._run.answers[entry.index].reply.status
        if status is None:
            return Verdict.DIFFERENT
        if status == NOT_IMPLEMENTED and self._unsupported.find(request.method, request.path) is not None:
            return Verdict.UNSUPPORTED
        return Verdict.DEPENDENT if self._dependence.reaches(request, differences) else Verdict.DIFFERENT

    def _note(self, outside: Outside) -> None:
        """Doubt what an unsupported request or a refused event between the entries would have done."""
        answer = outside.answer
        if self._unsupported.find(answer.method, answer.path) is None:
            return
        if answer.method == EVENT and answer.reply.status != OK:
            self._dependence.spread_everywhere()
        elif answer.reply.status == NOT_IMPLEMENTED:
            self._dependence.spread(Request(answer.method, answer.path, outside.params))


def _shown(request: Request) -> str:
    body = "" if request.body is None else f" {json.dumps(request.body)[:_LONGEST_BODY]}"
    return f"{request.method} {request.path} {dict(request.params or {})}{body}"
