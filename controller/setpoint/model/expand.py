"""What the declaration of one resource makes beside itself: resources of other kinds, known by name only."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.tree import Pointer, Tree


@dataclass(frozen=True)
class Expanded:
    """A resource that is declared by another one's declaration.

    Attributes:
        spec: as a person would write it; its own kind judges it, and the defaults of its kind lie below it.
        at: the place in the spec of who makes it at which its own was written, so that mistakes are told there.
        target: the name of what holds it; None where nothing does, or there is only one that can.
    """

    kind: str
    name: str
    spec: Tree
    at: Pointer
    target: str | None = None
