"""What a source gives: every file of one version, read at once, never a half-written state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint.model.errors import DeclarationProblem, SourceError
from setpoint.model.inventory import PREFIX, Content


@dataclass(frozen=True)
class Share:
    """What an inventory has in a snapshot, beside the files that are made of it.

    Attributes:
        content: of which its sheets were made.
        sheets: how many there are.
        released: paths of those that are gone without anybody having been seen to delete what they were made of.
        unexplained: those of them of which nobody can tell why.
        problems: of what says how sheets are made; while there are any, one that is missing may only not have been made.
        notes: what was left out and why, one sentence each.
    """

    content: Content
    sheets: int = 0
    released: frozenset[str] = frozenset()
    unexplained: frozenset[str] = frozenset()
    problems: tuple[DeclarationProblem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """All declaration files of one version.

    Attributes:
        version: a commit id, or a digest of the content.
        files: path relative to the source's root -> content.
        author, subject: of the commit; empty where there is none.
        notes: what was left out and why, one sentence each.
        shares: what inventories have in it, by their names.
        trouble: why the source itself could not be read now; its files are then those that were read last.
        fresh: whether the source itself was asked now, and not only inventories.
    """

    source: str
    version: str
    files: Mapping[str, bytes]
    author: str = ""
    subject: str = ""
    notes: tuple[str, ...] = ()
    shares: Mapping[str, Share] = field(default_factory=dict[str, Share])
    trouble: SourceError | None = None
    fresh: bool = True

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of the source and of each inventory, by what they are called in the store."""
        told = {PREFIX + name: share.content.version for name, share in self.shares.items()}
        return {self.source: self.version, **told}


class HistoryRewrittenError(SourceError):
    """The branch no longer contains the commit in force; `commit` is what `approve` takes to follow it."""

    def __init__(self, message: str, *, remedy: str, commit: str) -> None:
        super().__init__(message, remedy=remedy)
        self.commit = commit
