"""One declared thing, merged from its layers and validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.tree import Pointer, Tree

API_VERSION = "setpoint.dev/v1"


@dataclass(frozen=True, slots=True)
class Resource:
    """What should be.

    Attributes:
        spec: the merged raw tree, as validated; aliases as written, units as written.
        origins: where each leaf of `spec` (and of `/policy/...`) was written; known of what was just compiled, and no
            part of what it is.
        target: the resource that holds it, or None when the kind needs none.
        references: every resource that this one needs, the target included.
        own: what it is without what others contribute to it; None where nobody does.
        through: the other files by which it is declared: overlays, and the one that makes it of a row of a table.
        spec_hash: over spec, policy and references; a change wakes the key.
    """

    key: Key
    spec: Tree
    policy: Policy
    origin: Origin
    spec_hash: str
    target: Key | None = None
    references: tuple[Key, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    formerly: Key | None = None
    origins: Mapping[Pointer, Origin] = field(default_factory=dict[Pointer, Origin], compare=False)
    through: tuple[str, ...] = ()
    own: Resource | None = None

    @property
    def declared(self) -> Resource:
        """What its own declaration says."""
        return self.own or self
