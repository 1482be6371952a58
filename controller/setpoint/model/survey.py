"""One shared bulk look at a target. A cached listing never proves that something is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from setpoint.model.identity import Identity, Mark
from setpoint.model.key import Key

F_co = TypeVar("F_co", covariant=True)


@dataclass(frozen=True)
class Survey(Generic[F_co]):
    """What a target looked like between `begun` and now.

    Attributes:
        facts: the system's own frozen value; its kinds know its type.
        target_id: the target's own identity (cluster id, host key), pinned at first contact.
        incarnation: which making of the target its declaration speaks of; another one may have another identity.
            Empty where that is not told.
        found: the objects that bear a mark of any estate, with their identities.
        errors: per part that could not be read (`node/pve2`), one sentence.
        complete: everything that bears our mark would be in `found`.
        begun: seconds since the epoch.
    """

    facts: F_co
    target_id: str
    begun: float
    found: tuple[tuple[Mark, Identity], ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    complete: bool = True
    incarnation: str = ""

    @cached_property
    def by_key(self) -> Mapping[Key, tuple[tuple[Mark, Identity], ...]]:
        """What was found, by the key that each mark names: thousands of keys look for their own."""
        found: dict[Key, tuple[tuple[Mark, Identity], ...]] = {}
        for mark, identity in self.found:
            found[mark.key] = (*found.get(mark.key, ()), (mark, identity))
        return found
