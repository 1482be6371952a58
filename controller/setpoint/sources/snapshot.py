"""What a source gives: every file of one version, read at once, never a half-written state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.errors import SourceError


@dataclass(frozen=True)
class Snapshot:
    """All declaration files of one version.

    Attributes:
        version: a commit id, or a digest of the content.
        files: path relative to the source's root -> content.
        author, subject: of the commit; empty where there is none.
        notes: what was left out and why, one sentence each.
    """

    source: str
    version: str
    files: Mapping[str, bytes]
    author: str = ""
    subject: str = ""
    notes: tuple[str, ...] = ()


class HistoryRewrittenError(SourceError):
    """The branch no longer contains the commit in force; `commit` is what `approve` takes to follow it."""

    def __init__(self, message: str, *, remedy: str, commit: str) -> None:
        super().__init__(message, remedy=remedy)
        self.commit = commit
