"""What is known of who is seen with which value, worked out once and kept as long as it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from setpoint.desired.handed import fixed_in
from setpoint.model.handed import Space
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.resource import Resource
from setpoint.model.tree import Json, leaves

Owners = Mapping[int, frozenset[Key]]
"""Who has each number of a space."""


@dataclass
class Sighted:
    """The memory behind `Spaces`.

    Attributes:
        met: keys that were looked at in this process, so that what they have is known.
        told: the texts that were last seen of each key; None until somebody asks for the first time.
    """

    met: set[Key] = field(default_factory=set[Key])
    told: dict[Key, frozenset[str]] | None = None
    _spaces: dict[Key, tuple[Resource, Space]] = field(default_factory=dict[Key, tuple[Resource, Space]])
    _givers: tuple[Mapping[Key, Resource] | None, Mapping[Key, Space]] = (None, {})
    _seen: dict[Key, tuple[Space, Owners]] = field(default_factory=dict[Key, tuple[Space, Owners]])
    _fixed: dict[Key, tuple[Space, Mapping[Key, Resource], Owners]] = field(
        default_factory=dict[Key, tuple[Space, Mapping[Key, Resource], Owners]]
    )

    def note(self, key: Key, texts: frozenset[str]) -> None:
        """Remember what is seen of a key now; nothing for what is gone."""
        if self.told is not None and self.told.get(key, frozenset()) != texts:
            self.told[key] = texts
            self._seen.clear()

    def space(self, resource: Resource, kind: Kind[Any, Any]) -> Space | None:
        """What a resource hands out; None when it hands out nothing."""
        if kind.space is None:
            return None
        known = self._spaces.get(resource.key)
        if known is None or known[0] is not resource:
            known = resource, kind.space(kind.spec.model_validate(resource.spec))
            self._spaces[resource.key] = known
        return known[1]

    def givers(
        self, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
    ) -> Mapping[Key, Space]:
        """Every space."""
        if self._givers[0] is not resources:
            found = {key: self.space(one, kinds[key.kind]) for key, one in resources.items()}
            self._givers = resources, {key: space for key, space in found.items() if space is not None}
        return self._givers[1]

    def seen(self, at: Key, space: Space) -> Owners:
        """Who is seen with each number of a space."""
        known = self._seen.get(at)
        if known is None or known[0] is not space:
            told = (self.told or {}).items()
            known = space, _owners(space, ((key, text) for key, texts in told for text in texts))
            self._seen[at] = known
        return known[1]

    def fixed(
        self, at: Key, space: Space, resources: Mapping[Key, Resource], kinds: Mapping[str, Kind[Any, Any]]
    ) -> Owners:
        """Who declares each number of a space for itself."""
        known = self._fixed.get(at)
        if known is None or known[0] is not space or known[1] is not resources:
            said = (
                (key, text)
                for key, resource in resources.items()
                for _, text in fixed_in(kinds[key.kind].spec, resource.spec)
            )
            known = space, resources, _owners(space, said)
            self._fixed[at] = known
        return known[2]


def _owners(space: Space, said: Iterable[tuple[Key, str]]) -> Owners:
    found: dict[int, frozenset[Key]] = {}
    for key, text in said:
        number = space.number(text)
        if number is not None:
            found[number] = found.get(number, frozenset()) | {key}
    return found


def texts_in(tree: Mapping[str, Json]) -> frozenset[str]:
    """Every text among the leaves of a tree, those in lists too."""
    values = (leaf if isinstance(leaf, list) else [leaf] for _, leaf in leaves({**tree}))
    return frozenset(one for several in values for one in several if isinstance(one, str))
