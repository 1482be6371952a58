"""What was read of declarations that hold thousands of entries, so that a look at one does not begin with reading it anew."""

from __future__ import annotations

from typing import Any

from setpoint.desired.handed import Wanted, wanted_in
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.reading import read
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec


class Readings:
    """Readings of aggregates, each for just the object that was read; others are read as often as it takes."""

    def __init__(self) -> None:
        self._specs: dict[Key, tuple[Resource, Spec]] = {}
        self._wanted: dict[Key, tuple[Resource, tuple[Wanted, ...]]] = {}

    def spec(self, resource: Resource, kind: Kind[Any, Any]) -> Spec:
        """What a resource declares.

        Raises:
            ValidationError: it is not valid any more.
        """
        known = self._specs.get(resource.key)
        if known is not None and known[0] is resource:
            return known[1]
        found: Spec = read(kind.spec, resource.spec)
        if kind.gathers is not None:
            self._specs[resource.key] = resource, found
        return found

    def wanted(self, resource: Resource, kind: Kind[Any, Any]) -> tuple[Wanted, ...]:
        """The fields of a valid resource that are to get what others hand out or publish."""
        known = self._wanted.get(resource.key)
        if known is not None and known[0] is resource:
            return known[1]
        found = wanted_in(kind.spec, resource.spec)
        if kind.gathers is not None:
            self._wanted[resource.key] = resource, found
        return found
