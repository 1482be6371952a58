"""Who needs whom: names become dependencies, and dependencies an order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from setpoint.desired.drafts import Draft, Wish
from setpoint.desired.fingerprint import spec_hash
from setpoint.desired.lookup import Lookup
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.resource import Resource


@dataclass(frozen=True)
class Need:
    """A dependency and where it was written."""

    key: Key
    field: str
    origin: Origin


@dataclass(frozen=True)
class Linked:
    """The drafts with their dependencies found.

    Attributes:
        resources: what is valid, in an order in which every one comes after what it needs.
        suspended: what is valid in itself and needs something that is not; with where and why.
    """

    resources: Mapping[Key, Resource]
    problems: tuple[DeclarationProblem, ...]
    suspended: Mapping[Key, DeclarationProblem]


def link(
    drafts: Iterable[Draft],
    wishes: Iterable[tuple[Key, tuple[Wish, ...]]],
    declared: Iterable[Key],
    unreadable: Iterable[str],
) -> Linked:
    """Find what every draft needs, and the order.

    Args:
        drafts: valid in themselves, one for each key.
        wishes: what declarations name that are not valid.
        declared: every key, valid or not.
        unreadable: files and folders that may hide more; a name found nowhere is no mistake then.
    """
    linking = _Linking(Lookup(declared), tuple(sorted(unreadable)))
    for draft in drafts:
        linking.take(draft)
    for key, named in wishes:
        linking.ask(key, named)
    return linking.finish()


@dataclass
class _Linking:
    lookup: Lookup
    unreadable: tuple[str, ...]
    drafts: dict[Key, Draft] = field(default_factory=dict[Key, Draft])
    targets: dict[Key, Key | None] = field(default_factory=dict[Key, "Key | None"])
    needs: dict[Key, tuple[Need, ...]] = field(default_factory=dict[Key, tuple[Need, ...]])
    problems: list[DeclarationProblem] = field(default_factory=list[DeclarationProblem])
    suspended: dict[Key, DeclarationProblem] = field(default_factory=dict[Key, DeclarationProblem])

    def ask(self, key: Key, wishes: Iterable[Wish]) -> None:
        """Look up what a declaration names that is not valid anyway, for its mistakes alone."""
        found = [self.lookup.find(wish, key) for wish in wishes]
        if not self.unreadable:
            self.problems.extend(problem for problem in found if isinstance(problem, DeclarationProblem))

    def take(self, draft: Draft) -> None:
        """Look up everything that a draft names."""
        found = [(wish.field, wish.origin, self.lookup.find(wish, draft.key)) for wish in _wishes(draft)]
        target: Key | DeclarationProblem | None = None
        if draft.hosted_by is not None and draft.target is None:
            target = self.lookup.only_target(draft, draft.hosted_by)
            found.append(("target", draft.origin, target))
        elif draft.target is not None:
            target = found[0][2]
        wrong = [problem for _, _, problem in found if isinstance(problem, DeclarationProblem)]
        if wrong:
            self._refuse(draft.key, wrong)
            return
        self.drafts[draft.key] = draft
        self.targets[draft.key] = target if isinstance(target, Key) else None
        self.needs[draft.key] = tuple(Need(key, name, at) for name, at, key in found if isinstance(key, Key))

    def _refuse(self, key: Key, wrong: list[DeclarationProblem]) -> None:
        if not self.unreadable:
            self.problems.extend(wrong)
            return
        first = wrong[0]
        what = f"{first.what} in what can be read"
        self.suspended[key] = DeclarationProblem(
            first.origin, what, f"mend {self.unreadable[0]} first", first.field
        )

    def finish(self) -> Linked:
        """Order what is known, and leave out what needs something that is not valid."""
        sorter = TopologicalSorter(
            {
                key: [need.key for need in needs if need.key in self.drafts]
                for key, needs in self.needs.items()
            }
        )
        resources: dict[Key, Resource] = {}
        left = dict(self.needs)
        for key in _ordered(sorter):
            del left[key]
            lacking = next((need for need in self.needs[key] if need.key not in resources), None)
            if lacking is None:
                resources[key] = self._resource(key)
            else:
                self.suspended[key] = _waits(lacking)
        self._cycles(left)
        return Linked(resources, tuple(self.problems), self.suspended)

    def _cycles(self, left: Mapping[Key, tuple[Need, ...]]) -> None:
        """Tell every circle among what could not be ordered.

        Each of these needs another of these, so following one need from each ends in a circle.
        """
        onward = {
            key: min((need for need in needs if need.key in left), key=lambda need: need.key)
            for key, needs in left.items()
        }
        seen: set[Key] = set()
        circling: set[Key] = set()
        for start in sorted(onward):
            path: list[Key] = []
            key = start
            while key not in seen:
                seen.add(key)
                path.append(key)
                key = onward[key].key
            if key in path:
                circle = path[path.index(key) :]
                circling.update(circle)
                self.problems.append(_circle(circle, onward))
        for key, need in onward.items():
            if key not in circling:
                self.suspended[key] = _waits(need)

    def _resource(self, key: Key) -> Resource:
        draft, target = self.drafts[key], self.targets[key]
        references = tuple(sorted({need.key for need in self.needs[key]}))
        return Resource(
            key=key,
            spec=draft.spec,
            policy=draft.policy,
            origin=draft.origin,
            spec_hash=spec_hash(draft.spec, draft.policy, target, references),
            target=target,
            references=references,
            labels=draft.labels,
            formerly=draft.formerly,
            origins=draft.origins,
        )


def _wishes(draft: Draft) -> Iterator[Wish]:
    if draft.target is not None:
        yield draft.target
    yield from draft.references


def _ordered(sorter: TopologicalSorter[Key]) -> Iterator[Key]:
    """What can be ordered; what is in a circle, or needs one, is left out."""
    with suppress(CycleError):  # the sorter goes on as far as it can; the circles are told by `_cycles`
        sorter.prepare()
    while ready := sorter.get_ready():
        yield from sorted(ready)
        sorter.done(*ready)


def _waits(need: Need) -> DeclarationProblem:
    what = f"needs {need.key}, which is not valid"
    return DeclarationProblem(need.origin, what, f"mend {need.key} first", need.field)


def _circle(circle: list[Key], onward: Mapping[Key, Need]) -> DeclarationProblem:
    first = onward[circle[0]]
    if len(circle) == 1:
        return DeclarationProblem(
            first.origin, f"{circle[0]} needs itself", "remove this reference", first.field
        )
    places = " → ".join(f"{key} ({onward[key].origin})" for key in circle)
    what = f"these need one another in a circle: {places} → {circle[0]}"
    return DeclarationProblem(first.origin, what, "remove one of these references", first.field)
