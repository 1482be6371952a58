"""Puts what many declarations contribute into the aggregates that take it, over the set that comes into force.

So what is kept because its file is broken keeps its part, and a mistake never takes anything away from an aggregate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from setpoint.desired.changes import retain
from setpoint.desired.compiled import Compiled
from setpoint.desired.fingerprint import spec_hash
from setpoint.desired.handed import wanted_in
from setpoint.desired.lookup import readings
from setpoint.desired.parties import Parties
from setpoint.desired.places import rendered
from setpoint.model.errors import DeclarationProblem
from setpoint.model.gather import Shares, Unshared
from setpoint.model.handed import FromOutput
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.resource import Resource
from setpoint.model.tree import Json, Pointer, Tree, join, lookup, parts


@dataclass(frozen=True)
class Gathered:
    """The set that comes into force.

    Attributes:
        resources: every one after what it needs, as far as what is kept allows that; aggregates with what others
            contribute.
        problems: every mistake, those of the version as such included.
        suspended: what is valid in itself and stays as it was, or out, with where and why.
        retained: those that are kept as they were.
    """

    resources: Mapping[Key, Resource]
    problems: tuple[DeclarationProblem, ...]
    suspended: Mapping[Key, DeclarationProblem]
    retained: frozenset[Key]


class Memory:
    """What was put together for the version before; it only saves work. One serves one registry of kinds."""

    def __init__(self) -> None:
        self.parties = Parties()
        self.made: dict[Key, tuple[Resource, Tree, Resource]] = {}


def gather(
    previous: Mapping[Key, Resource],
    compiled: Compiled,
    kinds: Mapping[str, Kind[Any, Any]],
    memory: Memory | None = None,
    lasting: Mapping[Key, Resource] | None = None,
) -> Gathered:
    """The set that follows `previous`: the new one, what a mistake took away as it was, and aggregates put together.

    What cannot be put together is a mistake of those of its parts that are new or changed: they stay as they were, or
    out. Where no part is, and where not everything that contributes can be told, an aggregate stays as it was.

    Args:
        previous: the set in force.
        compiled: the new version.
        kinds: those that are installed.
        memory: kept by the caller from one version to the next.
        lasting: what is there until it is deleted, and until then contributes what it did, be it declared or not. What
            is declared comes first: where both cannot be, this goes.
    """
    if not any(kind.gathers or kind.asks for kind in kinds.values()):
        kept = retain(previous, compiled)
        suspended = {**compiled.suspended, **kept.suspended}
        return Gathered(kept.resources, compiled.problems, suspended, kept.retained)
    return _Gathering(previous, compiled, kinds, memory or Memory(), lasting or {}).gathered()


def put_together(compiled: Compiled, kinds: Mapping[str, Kind[Any, Any]]) -> Compiled:
    """One version as it is by itself, with nothing in force before."""
    found = gather({}, compiled, kinds)
    return replace(compiled, resources=found.resources, problems=found.problems, suspended=found.suspended)


def advice(compiled: Compiled, kinds: Mapping[str, Kind[Any, Any]]) -> tuple[DeclarationProblem, ...]:
    """What is unwise about a version that was put together, and no mistake; in the order of the places."""
    own = {key: one.declared for key, one in compiled.resources.items()}
    found = {_problem(one, own) for one in Parties().advice(own, kinds)}
    return tuple(sorted(found, key=_by_place))


def whence(
    resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
) -> Mapping[Key, Mapping[Pointer, str]]:
    """By aggregate: for places in its spec that others contributed, where and by whom."""
    own = {key: one.declared for key, one in resources.items() if key.kind in kinds}
    return {
        key: {place: f"{_place(own[one.by], one.field)}, of {one.by}" for place, one in places.items()}
        for key, places in Parties().whence(own, kinds).items()
    }


class _Gathering:
    """One version, whose declarations that turn out to be at fault are left out one after the other."""

    def __init__(
        self,
        previous: Mapping[Key, Resource],
        compiled: Compiled,
        kinds: Mapping[str, Kind[Any, Any]],
        memory: Memory,
        lasting: Mapping[Key, Resource],
    ) -> None:
        self._previous = previous
        self._own = {key: one.declared for key, one in previous.items()}
        self._compiled = compiled
        self._kinds = kinds
        self._memory = memory
        self._lasting = lasting
        self._problems = dict.fromkeys(compiled.problems)
        self._left_out: dict[Key, Resource] = {}

    def gathered(self) -> Gathered:
        """Put everything together, as often as it takes until nothing new is at fault."""
        self._leave_out((), self._untold())
        while True:
            kept = retain(self._own, self._compiled)
            departed = self._departed(kept.resources)
            shares = self._memory.parties.shares(
                {**departed, **self._left_out, **kept.resources},
                self._kinds,
                self._compiled.resources.keys(),
            )
            faults = {one.by for told in shares.problems for one in (told.at, *told.others)}
            if not faults.isdisjoint(departed):
                self._lasting = {key: one for key, one in self._lasting.items() if key not in faults}
                continue
            for problem in shares.problems:
                self._problems[_problem(problem, {**self._left_out, **kept.resources})] = None
            faults = {key for key in faults if self._is_news(key)}
            lost = {key: _stuck(one) for key, one in self._new_aggregates() if key not in shares.specs}
            if not (faults or lost):
                break
            self._leave_out(faults, {} if faults else lost)
        found = {key: self._made(one, shares) for key, one in kept.resources.items()}
        stuck = {
            key: _stuck(one) for key, one in found.items() if self._gathers(key) and key not in shares.specs
        }
        found.update({key: self._previous[key] for key in stuck})
        return Gathered(
            _after_what_they_need(kept.resources, found),
            tuple(sorted(self._problems, key=_by_place)),
            {**self._compiled.suspended, **kept.suspended, **stuck},
            kept.retained | stuck.keys(),
        )

    def _departed(self, resources: Mapping[Key, Resource]) -> Mapping[Key, Resource]:
        """What is declared no more and still contributes."""
        renamed = {one.formerly for one in resources.values()}
        gone = {key: one for key, one in self._lasting.items() if key not in resources and key not in renamed}
        dumb = {*self._memory.parties.dumb(gone, self._kinds)}
        return {key: one for key, one in gone.items() if key not in dumb and not self._gathers(key)}

    def _untold(self) -> Mapping[Key, DeclarationProblem]:
        """New aggregates, while there may be contributions that nobody can read: in the world they may be there."""
        compiled = self._compiled
        unread = (key for key in sorted(compiled.broken) if key not in self._own and self._may_ask(key))
        kept = retain(self._own, compiled).resources
        dumb = self._memory.parties.dumb(kept, self._kinds)
        cause = next(chain(sorted(compiled.tainted), map(str, unread), map(str, dumb)), None)
        if cause is None:
            return {}
        what, remedy = f"what {cause} may contribute to it cannot be told", f"mend {cause} first"
        return {key: DeclarationProblem(one.origin, what, remedy) for key, one in self._new_aggregates()}

    def _may_ask(self, key: Key) -> bool:
        kind = self._kinds.get(key.kind)
        return kind is None or kind.asks is not None

    def _gathers(self, key: Key) -> bool:
        kind = self._kinds.get(key.kind)
        return kind is not None and kind.gathers is not None

    def _new_aggregates(self) -> Iterator[tuple[Key, Resource]]:
        for key, one in self._compiled.resources.items():
            if key not in self._own and self._gathers(key):
                yield key, one

    def _is_news(self, key: Key) -> bool:
        now, before = self._compiled.resources.get(key), self._own.get(key)
        return now is not None and (before is None or before.spec_hash != now.spec_hash)

    def _leave_out(self, faults: Collection[Key], suspended: Mapping[Key, DeclarationProblem]) -> None:
        """Go on as if these were not valid, nor what needs them; new aggregates still say what they take."""
        if not (faults or suspended):
            return
        gone = {*faults, *suspended}
        waiting = dict(suspended)
        resources: dict[Key, Resource] = {}
        for key, one in self._compiled.resources.items():
            lacking = next((need for need in one.references if need in gone), None)
            if lacking is not None and key not in gone:
                what = f"needs {lacking}, which is not valid"
                waiting[key] = DeclarationProblem(one.origin, what, f"mend {lacking} first")
                gone.add(key)
            if key not in gone:
                resources[key] = one
        out = {key: self._compiled.resources[key] for key in gone}
        self._left_out |= {
            key: one for key, one in out.items() if key not in self._own and self._gathers(key)
        }
        former = {one.formerly for one in out.values() if one.formerly is not None}
        self._compiled = replace(
            self._compiled,
            resources=resources,
            broken=self._compiled.broken | gone | former,
            suspended={**self._compiled.suspended, **waiting},
        )

    def _made(self, one: Resource, shares: Shares) -> Resource:
        """An aggregate with what others contribute; the very object of before where nothing is new."""
        spec = shares.specs.get(one.key)
        if spec is None or spec is one.spec:
            return one
        known = self._memory.made.get(one.key)
        if known is not None and known[0] is one and known[1] is spec:
            return known[2]
        given = self._given(one, spec)
        references = tuple(sorted({*one.references, *given}))
        made = replace(
            one,
            spec=spec,
            references=references,
            spec_hash=spec_hash(spec, one.policy, one.target, references),
            own=one,
        )
        before = self._previous.get(one.key)
        made = before if before is not None and before == made else made
        self._memory.made[one.key] = one, spec, made
        return made

    def _given(self, one: Resource, spec: Tree) -> Iterator[Key]:
        """Whose outputs stand in the spec of an aggregate."""
        known = self._compiled.resources.keys() | self._own.keys() | self._lasting.keys()
        for wanted in wanted_in(self._kinds[one.key.kind].spec, spec):
            if isinstance(wanted.handed, FromOutput):
                giver = wanted.handed.giver
                may_be = readings(giver.kind, str(giver), one.key.namespace)
                yield from [key for key in may_be if key in known][:1]


def _problem(problem: Unshared, parties: Mapping[Key, Resource]) -> DeclarationProblem:
    """The mistake with every place that has a part in it."""
    at = parties[problem.at.by]
    others = [f"{one.by} at {_place(parties[one.by], one.field)}" for one in problem.others]
    beside = f", beside {' and '.join(others)}" if others else ""
    field = rendered(("spec", *_path(at.declared.spec, problem.at.field)))
    return DeclarationProblem(_place(at, problem.at.field), f"{problem.what}{beside}", problem.remedy, field)


def _by_place(problem: DeclarationProblem) -> tuple[Origin, str, str, str]:
    return problem.origin, problem.field, problem.what, problem.remedy


def _stuck(one: Resource) -> DeclarationProblem:
    what = "what others contribute to it cannot be put together"
    return DeclarationProblem(one.origin, what, "mend what is told of that first")


def _place(one: Resource, field: Pointer) -> Origin:
    """Where a field was written, or the first leaf below it, as far as that is known."""
    if field in one.origins:
        return one.origins[field]
    return next((at for leaf, at in one.origins.items() if leaf.startswith(f"{field}/")), one.origin)


def _path(spec: Json, field: Pointer) -> Iterator[str | int]:
    """The way to a field, with the positions in lists as numbers."""
    for part in parts(field):
        at: str | int = int(part) if isinstance(spec, list) and part.isdecimal() else part
        yield at
        try:
            spec = lookup(spec, join("", part))
        except KeyError:
            spec = None


def _after_what_they_need(
    before: Mapping[Key, Resource], found: Mapping[Key, Resource]
) -> Mapping[Key, Resource]:
    """Aggregates that need more than they declare go to the end, and with them what needs those."""
    moved = {key for key, one in found.items() if one.references != before[key].references}
    if not moved:
        return found
    for key, one in found.items():
        if not moved.isdisjoint(one.references):
            moved.add(key)
    first = {key: one for key, one in found.items() if key not in moved}
    return {**first, **{key: one for key, one in found.items() if key in moved}}
