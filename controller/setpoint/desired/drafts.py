"""What one file declares, as far as it can be told without the other files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from setpoint.desired.layers import Stack, whole, without_empty
from setpoint.desired.node import Fields, Origins, as_fields
from setpoint.desired.reader import read
from setpoint.desired.sets import template_of
from setpoint.desired.table import Row
from setpoint.desired.template import filled
from setpoint.model.conflict import Conflict
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.tree import Scalar, Tree

Claim: TypeAlias = tuple[tuple[str, Scalar], ...]
"""The ids of an object that a declaration fixes itself, by name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A resource that a declaration names, not looked up yet; `copied` when an overlay makes others of the same text."""

    kind: str
    text: str
    field: str
    origin: Origin
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A declaration that is valid in itself.

    Attributes:
        hosted_by: the kind of its target; None when it needs none.
        target: where it names its target; None when it leaves that out.
        formerly: the name that it had, and where that is written.
        claim: which object of its target it is; None when it does not say.
        through: the other files by which it is declared.
        conflicts: what the sheet below it says otherwise.
    """

    key: Key
    origin: Origin
    spec: Tree
    policy: Policy
    labels: Mapping[str, str]
    origins: Origins
    references: tuple[Wish, ...]
    hosted_by: str | None
    target: Wish | None
    formerly: Key | None
    formerly_at: Origin
    claim: Claim | None = None
    through: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def claim_of(kind: Kind[Any, Any], spec: Any) -> Claim | None:
    """Which object a declaration says that it is; None when it leaves that open."""
    identity = kind.identify(spec)
    return None if identity is None else tuple(sorted(identity.items()))


@dataclass(frozen=True, slots=True)
class Writing:
    """A document that could be read, with all that its places can be told from again.

    Attributes:
        index: which document of the file.
        row: from which the manifest was made, when the document is a set.
        manifest: what the declaration in the document makes beside itself; None for that declaration itself.
    """

    path: str
    content: bytes
    index: int
    stack: Stack
    kind: str
    row: Row | None = None
    manifest: Fields | None = None

    @property
    def through(self) -> tuple[str, ...]:
        """The other files by which it is declared.

        Overlays, the set where the manifest is said to stand in a table, and the sheet of which it takes something.
        """
        ways = self.stack.home.through if self.stack.home is not None else ()
        if self.stack.sheet is not None:
            ways = (*ways, self.stack.sheet.path)
        return (*ways, self.path) if self.row is not None and self.row.origin.path != self.path else ways

    def trees(self) -> tuple[Fields, Fields]:
        """The merged trees of its spec and its policy."""
        merged = whole(self.stack, self.kind, without_empty(self.manifest or self._written())).root
        return as_fields(merged.fields["spec"]), as_fields(merged.fields["policy"])

    def _written(self) -> Fields:
        root = read(self.path, self.content).documents[self.index].root
        return as_fields(root) if self.row is None else filled(template_of(as_fields(root)), self.row)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a file amounts to.

    Attributes:
        declared: every key in it, valid or not, with its place.
        wishes: what is named by those that are not valid.
        former: the names that some of them say they had.
        held: what cannot be judged for what is below it, and why.
        hides: a mistake may hide a declaration.
        tables: the CSV files that were asked for, there or not.
        fitted: the places of the patches that were for some declaration in it.
    """

    drafts: tuple[Draft, ...] = ()
    declared: tuple[tuple[Key, Origin], ...] = ()
    wishes: tuple[tuple[Key, tuple[Wish, ...]], ...] = ()
    former: tuple[tuple[Key, Key], ...] = ()
    held: tuple[tuple[Key, DeclarationProblem], ...] = ()
    problems: tuple[DeclarationProblem, ...] = ()
    hides: bool = False
    fitted: frozenset[Origin] = frozenset()
    tables: frozenset[str] = frozenset()

    @property
    def disputed(self) -> bool:
        """Whether something in it is at odds with a sheet below."""
        return bool(self.held) or any(draft.conflicts for draft in self.drafts)
