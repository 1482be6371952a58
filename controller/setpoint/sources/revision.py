"""Declarations of a folder in a work tree as a revision of its own repository has them; nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from setpoint.model.errors import SourceError
from setpoint.sources.faults import condense, remote_fault
from setpoint.sources.mirror import Mirror, MirrorDamagedError
from setpoint.sources.process import Git
from setpoint.sources.snapshot import Snapshot
from setpoint.sources.tree import Listing, list_tree, read_blobs

_LINK = "gitdir:"


async def read_revision(folder: Path, revision: str) -> Snapshot:
    """What `revision` declares below `folder`; nothing when it has no such folder.

    Raises:
        SourceError: the folder is in no repository, there is no such revision, or it cannot be read.
    """
    top, inside = _located(folder)
    git = Git(_directory(top))
    answer = await git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if answer.code:
        raise _refusal(top, revision, answer.errors)
    commit = answer.output.decode().strip()
    mirror = Mirror(str(top), revision, git)
    try:
        there = not inside or await mirror.read("ls-tree", "-d", "--full-tree", commit, "--", inside)
        listing = await list_tree(mirror, commit, inside) if there else Listing()
        files = await read_blobs(mirror, listing.entries)
    except MirrorDamagedError as error:
        raise SourceError(
            f"'{revision}' of {top} cannot be read ({error})", remedy="fetch it whole: git fetch --unshallow"
        ) from error
    return Snapshot("git", commit, files)


def _located(folder: Path) -> tuple[Path, str]:
    """The top of the work tree, and the folder's path in it; empty for the top itself."""
    place = folder.resolve()
    top = next((above for above in (place, *place.parents) if (above / ".git").exists()), None)
    if top is None:
        raise SourceError(f"{folder} is in no git repository", remedy="name a folder of a clone")
    return top, "" if place == top else place.relative_to(top).as_posix()


def _directory(top: Path) -> Path:
    """The git directory of a work tree; that of a linked one or of a submodule is named in a file."""
    place = top / ".git"
    if place.is_dir():
        return place
    text = place.read_text(encoding="utf-8", errors="replace").strip()
    return top / text.removeprefix(_LINK).strip()


def _refusal(top: Path, revision: str, errors: str) -> SourceError:
    if errors:
        return remote_fault(str(top), errors) or SourceError(f"{top} cannot be read ({condense(errors)})")
    return SourceError(
        f"{top} has no branch, tag or commit '{revision}'",
        remedy="fetch it first: git fetch origin (in CI: with the whole history)",
    )
