"""What the declarations of one version amount to: resources, and every problem found on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from setpoint.model.conflict import Conflict
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.resource import Resource


@dataclass(frozen=True)
class Compiled:
    """The desired set of one version.

    Attributes:
        resources: those that are valid, in an order in which every one comes after what it needs.
        problems: every mistake, ordered by place.
        tainted: paths of files with a problem that may hide resources, folders (ending in `/`, the root is `/`)
            whose `defaults.yaml` is bad. A resource formerly declared there and missing now is kept as it was.
        broken: keys that are declared and not valid, and the names that such ones say they had before.
        conflicts: what inventories say otherwise than the valid declarations that lie above them.
        sheets: the paths of what inventories declare, valid or not.
        suspended: those of `broken` that are valid in themselves and need something that is not, with where and why.
    """

    version: str
    resources: Mapping[Key, Resource]
    problems: tuple[DeclarationProblem, ...] = ()
    tainted: frozenset[str] = frozenset()
    broken: frozenset[Key] = field(default_factory=frozenset[Key])
    suspended: Mapping[Key, DeclarationProblem] = field(default_factory=dict[Key, DeclarationProblem])
    sheets: Collection[str] = field(default_factory=frozenset[str])
    conflicts: Mapping[Key, tuple[Conflict, ...]] = field(default_factory=dict[Key, tuple[Conflict, ...]])
