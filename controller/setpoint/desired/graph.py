"""Who needs whom: names become dependencies, and dependencies an order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from setpoint.desired.drafts import Draft, Wish
from setpoint.desired.fingerprint import spec_hash
from setpoint.desired.lookup import Lookup, names_of
from setpoint.desired.order import leveled
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.resource import Resource


@dataclass(frozen=True, slots=True)
class Need:
    """A dependency and where it was written."""

    key: Key
    field: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Bond:
    """A draft with what it needs, and the resource that it is when all of that is valid."""

    draft: Draft
    needs: tuple[Need, ...]
    resource: Resource


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


@dataclass(frozen=True)
class Links:
    """How a version was linked, for the next one to begin with.

    Attributes:
        declared: every key, valid or not.
        order: of the bonds; None when not all of them are valid.
    """

    declared: Mapping[Key, object] = field(default_factory=dict[Key, object])
    bonds: Mapping[Key, Bond] = field(default_factory=dict[Key, Bond])
    order: tuple[Key, ...] | None = None


def link(
    drafts: Iterable[Draft],
    wishes: Iterable[tuple[Key, tuple[Wish, ...]]],
    declared: Mapping[Key, object],
    unreadable: Iterable[str],
    before: Links,
) -> tuple[Linked, Links]:
    """Find what every draft needs, and the order.

    Args:
        drafts: valid in themselves, one for each key.
        wishes: what declarations name that are not valid.
        declared: every key, valid or not.
        unreadable: files and folders that may hide more; a name found nowhere is no mistake then.
        before: what is known of the version before; it only saves work.
    """
    linking = _Linking(Lookup(declared.keys()), tuple(sorted(unreadable)))
    moved = _Moved(before.declared, declared)
    for draft in drafts:
        bond = before.bonds.get(draft.key)
        if bond is not None and bond.draft is draft and not moved.concerns(draft):
            linking.bonds[draft.key] = bond
        else:
            linking.take(draft)
    for key, named in wishes:
        linking.ask(key, named)
    order = before.order if _same_shape(before.bonds, linking.bonds) else None
    linked = linking.finish(order)
    if order is None and len(linked.resources) == len(linking.bonds):
        order = tuple(linked.resources)
    return linked, Links(declared, linking.bonds, order)


class _Moved:
    """The keys that came or went between two versions, as whoever names them says them."""

    def __init__(self, before: Mapping[Key, object], now: Mapping[Key, object]) -> None:
        keys: set[Key] = set() if before is now else {*before.keys() ^ now.keys()}
        self._names = {name for key in keys for name in names_of(key)}
        self._kinds = {key.kind for key in keys}

    def concerns(self, draft: Draft) -> bool:
        """Whether a name in the draft, or the target that it leaves out, may mean another resource now."""
        if not self._names:
            return False
        if draft.target is None and draft.hosted_by in self._kinds:
            return True
        return any((wish.kind, wish.text) in self._names for wish in _wishes(draft))


def _same_shape(before: Mapping[Key, Bond], now: Mapping[Key, Bond]) -> bool:
    """Whether the same keys need the same keys, so that what was in order before still is."""
    if len(before) != len(now):
        return False
    for key, bond in now.items():
        former = before.get(key)
        if former is not bond and (former is None or former.resource.references != bond.resource.references):
            return False
    return True


@dataclass
class _Linking:
    lookup: Lookup
    unreadable: tuple[str, ...]
    bonds: dict[Key, Bond] = field(default_factory=dict[Key, Bond])
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
        needs = tuple(Need(key, name, at) for name, at, key in found if isinstance(key, Key))
        self.bonds[draft.key] = Bond(draft, needs, _resource(draft, needs, target))

    def _refuse(self, key: Key, wrong: list[DeclarationProblem]) -> None:
        if not self.unreadable:
            self.problems.extend(wrong)
            return
        first = wrong[0]
        what = f"{first.what} in what can be read"
        self.suspended[key] = DeclarationProblem(
            first.origin, what, f"mend {self.unreadable[0]} first", first.field
        )

    def finish(self, order: Iterable[Key] | None) -> Linked:
        """Order what is known, unless that is known as well, and leave out what needs something that is not valid."""
        bonds = self.bonds
        if order is not None:
            return Linked({key: bonds[key].resource for key in order}, tuple(self.problems), self.suspended)
        resources: dict[Key, Resource] = {}
        ordered = leveled({key: bond.resource.references for key, bond in bonds.items()})
        for key in ordered:
            bond = bonds[key]
            lacking = next((need for need in bond.needs if need.key not in resources), None)
            if lacking is None:
                resources[key] = bond.resource
            else:
                self.suspended[key] = _waits(lacking)
        if len(ordered) < len(bonds):
            known = set(ordered)
            self._cycles({key: bond.needs for key, bond in bonds.items() if key not in known})
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


def _resource(draft: Draft, needs: Iterable[Need], target: Key | DeclarationProblem | None) -> Resource:
    references = tuple(sorted({need.key for need in needs}))
    holder = target if isinstance(target, Key) else None
    return Resource(
        key=draft.key,
        spec=draft.spec,
        policy=draft.policy,
        origin=draft.origin,
        spec_hash=spec_hash(draft.spec, draft.policy, holder, references),
        target=holder,
        references=references,
        labels=draft.labels,
        formerly=draft.formerly,
        origins=draft.origins,
    )


def _wishes(draft: Draft) -> Iterator[Wish]:
    if draft.target is not None:
        yield draft.target
    yield from draft.references


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
