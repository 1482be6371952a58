"""Who needs whom: names become dependencies, and dependencies an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from setpoint.desired.drafts import Claim, Draft, Wish
from setpoint.desired.fingerprint import spec_hash
from setpoint.desired.lookup import Lookup, names_of
from setpoint.desired.order import inserted, leveled
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.resource import Resource

_FEW = 200
"""Changes up to which it is faster to carry on an order than to find it anew."""


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
        taken: the drafts that have a bond, by identity.
        resources: of the bonds, in order; None when not all of them are valid.
    """

    declared: Mapping[Key, object] = field(default_factory=dict[Key, object])
    bonds: Mapping[Key, Bond] = field(default_factory=dict[Key, Bond])
    taken: Mapping[int, Draft] = field(default_factory=dict[int, Draft])
    resources: Mapping[Key, Resource] | None = None


def link(
    drafts: Collection[Draft],
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
    now = dict(zip(map(id, drafts), drafts, strict=True))
    concerned = _concerned(drafts, before.declared, declared)
    stale = [draft for number, draft in before.taken.items() if number not in now or number in concerned]
    fresh = [draft for number, draft in now.items() if number not in before.taken or number in concerned]
    linking = _Linking(Lookup(declared.keys()), tuple(sorted(unreadable)), dict(before.bonds))
    for draft in stale:
        del linking.bonds[draft.key]
    for draft in fresh:
        linking.take(draft)
    for key, named in wishes:
        linking.ask(key, named)
    linked = linking.finish(_carried_on(before, linking.bonds, {draft.key for draft in (*stale, *fresh)}))
    refused = {id(draft) for draft in fresh if draft.key not in linking.bonds}
    taken = {number: draft for number, draft in now.items() if number not in refused} if refused else now
    whole = linked.resources if len(linked.resources) == len(linking.bonds) else None
    return linked, Links(declared, linking.bonds, taken, whole)


def _concerned(
    drafts: Iterable[Draft], before: Mapping[Key, object], now: Mapping[Key, object]
) -> frozenset[int]:
    """The drafts, by identity, in which a name or a target left out may mean another resource than before."""
    keys: set[Key] = set() if before is now else {*before.keys() ^ now.keys()}
    if not keys or not before:
        return frozenset()
    names = {name for key in keys for name in names_of(key)}
    kinds = {key.kind for key in keys}
    return frozenset(
        id(draft)
        for draft in drafts
        if (draft.target is None and draft.hosted_by in kinds)
        or any((wish.kind, wish.text) in names for wish in _wishes(draft))
    )


def _carried_on(
    before: Links, bonds: Mapping[Key, Bond], touched: Collection[Key]
) -> Mapping[Key, Resource] | None:
    """The order of before with what came, went or changed; None when it has to be found anew."""
    if before.resources is None or len(touched) > _FEW:
        return None
    resources = dict(before.resources)
    for key in [key for key in touched if key in before.bonds]:
        if key not in bonds:
            del resources[key]
        elif bonds[key].resource.references == before.bonds[key].resource.references:
            resources[key] = bonds[key].resource
        else:
            return None
    gone = before.bonds.keys() & touched - bonds.keys()
    if gone and any(not gone.isdisjoint(bond.resource.references) for bond in bonds.values()):
        return None
    come = [key for key in touched if key in bonds and key not in before.bonds]
    if not come:
        return resources
    if any(need not in resources for key in come for need in bonds[key].resource.references):
        return None
    order = inserted(resources, come, lambda key: bonds[key].resource.references)
    return {key: bonds[key].resource for key in order}


@dataclass
class _Linking:
    lookup: Lookup
    unreadable: tuple[str, ...]
    bonds: dict[Key, Bond]
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

    def finish(self, ordered: Mapping[Key, Resource] | None) -> Linked:
        """Order what is known, unless that is known as well, and leave out what needs something that is not valid."""
        bonds, clashing = self.bonds, self._clashes()
        if ordered is not None and not clashing:
            return Linked(ordered, tuple(self.problems), self.suspended)
        resources: dict[Key, Resource] = {}
        order = leveled({key: bond.resource.references for key, bond in bonds.items()})
        for key in order:
            if key in clashing:
                continue
            bond = bonds[key]
            lacking = next((need for need in bond.needs if need.key not in resources), None)
            if lacking is None:
                resources[key] = bond.resource
            else:
                self.suspended[key] = _waits(lacking)
        if len(order) < len(bonds):
            known = set(order)
            self._cycles({key: bond.needs for key, bond in bonds.items() if key not in known})
        return Linked(resources, tuple(self.problems), self.suspended)

    def _clashes(self) -> frozenset[Key]:
        """Those that say they are the same object, of which every one is told but the first; none of them is valid."""
        claimed: dict[tuple[Key | None, Claim], list[Draft]] = {}
        for bond in self.bonds.values():
            if bond.draft.claim is not None:
                claimed.setdefault((bond.resource.target, bond.draft.claim), []).append(bond.draft)
        groups = [(at, drafts) for at, drafts in claimed.items() if len(drafts) > 1]
        for (target, claim), drafts in groups:
            first, *others = sorted(drafts, key=lambda draft: (draft.origin, draft.key))
            ids = ", ".join(f"{name} {value}" for name, value in claim)
            self.problems.extend(_same(first, draft, f"{ids} of {target}") for draft in others)
        return frozenset(draft.key for _, drafts in groups for draft in drafts)

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
        through=draft.through,
        origins=draft.origins,
    )


def _same(first: Draft, other: Draft, claimed: str) -> DeclarationProblem:
    """Two say that they are the same object; of two copies of one manifest, the overlays have to say otherwise."""
    if first.origin == other.origin:
        what = f"{first.key} and {other.key} are both {claimed}"
        return DeclarationProblem(other.origin, what, "let a patch of an overlay say otherwise", "spec")
    what = f"{first.key} at {first.origin} is {claimed} as well"
    return DeclarationProblem(other.origin, what, "remove one of the two, or let it be another one", "spec")


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
