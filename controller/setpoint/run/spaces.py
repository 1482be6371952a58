"""What resources hand out to fields of others, as far as a reconcile has to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from setpoint.desired.handed import Wanted, fixed_in
from setpoint.desired.lookup import readings
from setpoint.model.handed import Space
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.reference import Name
from setpoint.model.resource import Resource
from setpoint.model.tree import Json
from setpoint.run.estate import Estate
from setpoint.run.queue import Class
from setpoint.run.sighted import Owners, texts_in


@dataclass(frozen=True)
class Spaces:
    """The spaces of one estate."""

    estate: Estate

    def find(self, name: Name, asker: Key, references: Collection[Key]) -> Key | None:
        """The resource that a field names; None when it is declared no more."""
        may_be = readings(name.kind, str(name), asker.namespace)
        found = next((key for key in may_be if key in references), None)
        if found is not None:
            return found
        # In a copy of an overlay the name stands as it was written, and means what was copied with it.
        names = {key.name for key in may_be}
        return next((key for key in references if key.kind == name.kind and key.name in names), None)

    def wanted(self, resource: Resource, kind: Kind[Any, Any]) -> tuple[Wanted, ...]:
        """The fields of a resource that are to get what others hand out or publish."""
        return self.estate.readings.wanted(resource, kind)

    def of(self, key: Key) -> Space | None:
        """What a resource that is in force hands out; None when it hands out nothing, or is not in force."""
        resource = self.estate.resources.get(key)
        if resource is None:
            return None
        return self.estate.sighted.space(resource, self.estate.kinds[key.kind])

    def meet(self, key: Key) -> None:
        """Remember that a key was looked at in this process."""
        self.estate.sighted.met.add(key)

    def note(self, key: Key, outputs: Mapping[str, Json], state: Any) -> None:
        """Remember what a key was just seen with: what it publishes, and what was found in fields that can be handed out."""
        self.meet(key)
        estate = self.estate
        if estate.sighted.givers(estate.resources, estate.kinds):
            self._recall()
            kind = estate.kinds[key.kind]
            found = {text for _, text in fixed_in(kind.spec, kind.project(state).tree)}
            estate.sighted.note(key, texts_in(outputs) | found)

    def miss(self, key: Key) -> None:
        """Remember that a key was looked for and is not there."""
        self.meet(key)
        self.estate.sighted.note(key, frozenset())

    def others(self, at: Key, space: Space, number: int, asker: Key) -> tuple[str, ...]:
        """Who else has a number of a space from another one, is seen with it, or declares it, in words."""
        seen, fixed = self._owners(at, space)
        nobody: frozenset[Key] = frozenset()
        bearing = self._counting(at, space, seen.get(number, nobody) - {asker})
        saying = self._counting(at, space, fixed.get(number, nobody) - {asker}) - bearing
        text = space.text(number)
        given = [
            f"handed out to {one.key} by {giver}"
            for giver, other in self._beside(at, space)
            if (twin := other.number(text)) is not None
            and (one := self.estate.store.holder(giver, twin)) is not None
            and one.key not in {asker, *bearing}
        ]
        seen_on = (f"seen on {key}" for key in sorted(bearing))
        return (*seen_on, *(f"declared for {key}" for key in sorted(saying)), *given)

    def owner_of(self, text: str, asker: Key) -> str:
        """To whom else a value that `asker` declares for itself was handed out, in words; empty when to nobody."""
        givers = self.estate.sighted.givers(self.estate.resources, self.estate.kinds)
        for giver, space in givers.items():
            number = space.number(text)
            grant = None if number is None else self.estate.store.holder(giver, number)
            if grant is not None and self._counting(giver, space, frozenset({asker})) - {grant.key}:
                return f"is handed out to {grant.key} by {giver}"
        return ""

    def avoid(self, at: Key, space: Space, asker: Key) -> frozenset[int]:
        """The numbers of a space that others have from another one, are seen with, or declare."""
        borne = {
            number
            for owners in self._owners(at, space)
            for number, keys in owners.items()
            if self._counting(at, space, keys - {asker})
        }
        texts = (
            other.text(one.number)
            for giver, other in self._beside(at, space)
            for one in self.estate.store.grants(giver)
        )
        return frozenset(borne | {number for text in texts if (number := space.number(text)) is not None})

    def _beside(self, at: Key, space: Space) -> list[tuple[Key, Space]]:
        """The other spaces that may hand out the same values."""
        givers = self.estate.sighted.givers(self.estate.resources, self.estate.kinds)
        alike = ((key, one) for key, one in givers.items() if one.gives == space.gives and key != at)
        return [] if space.isolated else [(key, one) for key, one in alike if not one.isolated]

    def _counting(self, at: Key, space: Space, keys: frozenset[Key]) -> frozenset[Key]:
        """Those of `keys` that are where the values of a space mean what they mean there."""
        if space.isolated:
            return frozenset(key for key in keys if at in self._references(key))
        givers = self.estate.sighted.givers(self.estate.resources, self.estate.kinds)
        apart = {key for key, one in givers.items() if one.isolated}
        return frozenset(key for key in keys if apart.isdisjoint(self._references(key))) if apart else keys

    def _references(self, key: Key) -> tuple[Key, ...]:
        resource = self.estate.resources.get(key)
        return () if resource is None else resource.references

    def _owners(self, at: Key, space: Space) -> tuple[Owners, Owners]:
        estate, sighted = self.estate, self.estate.sighted
        self._recall()
        return sighted.seen(at, space), sighted.fixed(at, space, estate.resources, estate.kinds)

    def _recall(self) -> None:
        """Begin with what former lives of the daemon saw."""
        if self.estate.sighted.told is None:
            rows = self.estate.store.status_rows().items()
            told = {key: texts_in(status.outputs) for key, status in rows if status.outputs}
            self.estate.sighted.told = told

    def strangers(self, at: Key, asker: Key) -> Sequence[Key]:
        """Who else takes from a space, has nothing of it yet, and was not looked at: it may bear any of its numbers."""
        estate = self.estate
        known = {one.key for one in estate.store.grants(at)} | estate.sighted.met | {asker}
        return sorted(
            key for key, one in estate.resources.items() if at in one.references and key not in known
        )

    async def leave(self, key: Key) -> None:
        """Note that everything that a key takes is left, for the key is gone."""
        estate = self.estate
        givers = {one.space for one in estate.store.grants_of(key)}
        if givers:
            await estate.calls.call(estate.store.leave, key, estate.ports.now())
        self.stir(givers)

    def stir(self, givers: Collection[Key]) -> None:
        """Have those who hand something out look at it again."""
        for giver in sorted(givers):
            resource = self.estate.resources.get(giver)
            lane = self.estate.lane_of(resource) if resource is not None else None
            if lane is not None:
                lane.queue.add(giver, Class.CHANGED, 0.0)
