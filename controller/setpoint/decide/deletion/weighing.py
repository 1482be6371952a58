"""All tombstones beside what is declared and ours, once for all of them: thousands may have left together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from setpoint.decide.deletion.limit import judge
from setpoint.decide.deletion.weighed import Declarations, Verdict, Weighed
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Phase, Tombstone

Group: TypeAlias = tuple[str, Key]
"""Kind and target: deletions count together per group."""


@dataclass(frozen=True)
class Scales:
    """Everything by which tombstones are weighed.

    Attributes:
        tombstones: every one that there is, by key.
        resources: what is declared and in force.
        ours: how many objects the inventory lists per group, those that were left alone not counted.
        kinds: those that are installed.
        approved: whether a hold's token was approved.
        now: seconds since the epoch.
    """

    tombstones: Mapping[Key, Tombstone]
    resources: Mapping[Key, Resource]
    ours: Mapping[Group, int]
    declarations: Declarations
    kinds: Collection[str]
    approved: Callable[[str], bool]
    now: float

    def verdicts(self) -> Mapping[Group, Verdict]:
        """What the deletion limit says of each group."""
        groups: defaultdict[Group, list[Tombstone]] = defaultdict(list)
        for one in self.tombstones.values():
            groups[group_of(one)].append(one)
        return {
            group: judge(members, self.ours.get(group, 0) + _gone(members), self.approved, self.now)
            for group, members in groups.items()
        }

    def weigh(self) -> Mapping[Key, Weighed]:
        """Every tombstone whose object is to be deleted."""
        verdicts = self.verdicts()
        active = [one for one in self.tombstones.values() if one.active]
        needed = {one.key for one in active}
        # What is contributed goes with its giver, so nobody is kept for that.
        staying = _needing(needed, (one.declared for one in self.resources.values()))
        leaving = _needing(needed, (one.resource.declared for one in active))
        return {
            one.key: Weighed(
                tombstone=one,
                declarations=self.declarations,
                verdict=verdicts[group_of(one)],
                declared=self.resources.keys(),
                staying=tuple(staying.get(one.key, ())),
                leaving=tuple(leaving.get(one.key, ())),
                installed=one.key.kind in self.kinds,
                approved=self.approved,
            )
            for one in active
        }


def group_of(tombstone: Tombstone) -> Group:
    """With what its deletion counts together."""
    return tombstone.key.kind, tombstone.target


def _gone(members: Iterable[Tombstone]) -> int:
    """Those that the inventory does not list any more, and that were of it when the day began."""
    return sum(one.phase is Phase.GONE for one in members)


def _needing(needed: Collection[Key], resources: Iterable[Resource]) -> Mapping[Key, list[Key]]:
    found: defaultdict[Key, list[Key]] = defaultdict(list)
    for resource in resources:
        for reference in resource.references:
            if reference in needed and reference != resource.key:
                found[reference].append(resource.key)
    return found
