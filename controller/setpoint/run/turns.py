"""The groups of what is declared, and since when each member wants the change that it wants."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.key import Key
from setpoint.model.resource import Resource


class Turns:
    """What the members of groups are told of each other; a declaration that changed is a new mapping of resources."""

    def __init__(self) -> None:
        self._read: Mapping[Key, Resource] | None = None
        self._groups: dict[tuple[str, str], tuple[Resource, ...]] = {}
        self._wanted: dict[Key, tuple[str, float]] = {}

    def members(self, resources: Mapping[Key, Resource], namespace: str, group: str) -> tuple[Resource, ...]:
        """Every resource of a namespace that is in the group, in the order of their keys."""
        if self._read is not resources:
            self._read, self._groups = resources, _grouped(resources)
        return self._groups.get((namespace, group), ())

    def wanted(self, key: Key, what: str, now: float) -> float:
        """Since when the key wants what it wants, seconds since the epoch; from now on when that is news.

        A clock that was set back since makes it news, too.
        """
        known = self._wanted.get(key)
        if known is None or known[0] != what or known[1] > now:
            known = self._wanted[key] = what, now
        return known[1]

    def settled(self, key: Key) -> None:
        """The key wants nothing any more; the same again will be something new."""
        self._wanted.pop(key, None)


def _grouped(resources: Mapping[Key, Resource]) -> dict[tuple[str, str], tuple[Resource, ...]]:
    found: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources.values():
        if resource.policy.rollout is not None:
            found.setdefault((resource.key.namespace, resource.policy.rollout.group), []).append(resource)
    return {place: tuple(sorted(members, key=_by_key)) for place, members in found.items()}


def _by_key(resource: Resource) -> Key:
    return resource.key
