"""From a flake's URL to a revision at hand: one bare mirror per repository, never a work tree, which Nix would write to."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, time
from typing import Final

from setpoint.model.errors import SourceError
from setpoint.sources.faults import condense, hide_password, remote_fault
from setpoint.sources.mirror import Mirror, MirrorDamagedError
from setpoint.sources.process import Git
from setpoint_nixos.nix.flake_url import FlakeUrl, Pinned

_PINS: Final = "refs/setpoint/pins/"
_LAST: Final = "refs/setpoint/last/"
_KEPT: Final = 50
"""Revisions of which a mirror keeps the pins."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")

# What of a flake tells its own revision: two commits of the same files then lead to two systems.
_OWN_REVISION: Final = (
    r"self *\. *(rev|shortRev|dirtyRev|dirtyShortRev|lastModified|lastModifiedDate|revCount|sourceInfo)\b"
    r"|inherit *\( *self *\)|configurationRevision|\bself *\? *(rev|shortRev)\b"
)


@dataclass(frozen=True)
class _Told:
    pinned: Pinned
    at: float


@dataclass
class _Repository:
    mirror: Mirror
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: dict[str, _Told] = field(default_factory=dict[str, _Told])


class Flakes:
    """The mirrors of all repositories with flakes, in a folder that is ours alone.

    Args:
        folder: of the mirrors.
        within: for how long what a forge said is taken as its word, so that fifty hosts ask once.
    """

    def __init__(self, folder: Path, within: timedelta = timedelta(seconds=20)) -> None:
        self._folder = folder
        self._within = within.total_seconds()
        self._repositories: dict[str, _Repository] = {}

    async def pin(self, flake: FlakeUrl, *, since: float = 0.0) -> Pinned:
        """The flake at the revision that its ref names now.

        What the forge was asked before `since`, a moment of the monotonic clock, counts no more.
        A forge that does not answer leaves the last revision known, which then says that it may be stale.

        Raises:
            SourceError: the forge does not answer and no revision is known, or it has no such ref or revision.
        """
        repository = self._repository(flake.url)
        async with repository.turn:
            key = flake.revision or flake.ref
            told = repository.told.get(key)
            asked = monotonic()
            if told is None or told.at < max(since, asked - self._within):
                told = _Told(await self._pin(repository.mirror, flake), asked)
                repository.told[key] = told
            return replace(told.pinned, folder=flake.folder)

    def prune(self, older: timedelta) -> int:
        """Remove the mirrors of repositories that nobody asked for since the start, nor fetched from in that time; how many."""
        used = {repository.mirror.git.directory for repository in self._repositories.values()}
        limit, gone = time() - older.total_seconds(), 0
        for place in self._folder.glob("*"):
            with suppress(OSError):
                if place not in used and place.stat().st_mtime < limit:
                    shutil.rmtree(place)
                    gone += 1
        return gone

    def _repository(self, url: str) -> _Repository:
        if url not in self._repositories:
            name = hashlib.sha256(hide_password(url).encode()).hexdigest()[:16]
            self._repositories[url] = _Repository(Mirror(url, "", Git(self._folder / name)))
        return self._repositories[url]

    async def _pin(self, mirror: Mirror, flake: FlakeUrl) -> Pinned:
        try:
            return await self._described(mirror, *await self._revision(mirror, flake))
        except MirrorDamagedError:
            # What cannot be read is worth nothing: should the forge be down as well, then nobody knows the revision.
            await asyncio.to_thread(shutil.rmtree, mirror.git.directory, ignore_errors=True)
        try:
            return await self._described(mirror, *await self._revision(mirror, flake))
        except MirrorDamagedError as error:
            raise SourceError(
                f"{hide_password(flake.url)} cannot be read ({error})",
                remedy="git fsck the repository, and look at the state directory",
            ) from error

    async def _revision(self, mirror: Mirror, flake: FlakeUrl) -> tuple[str, str]:
        """The commit, and why it may not be the newest."""
        if flake.revision and await _has(mirror, flake.revision):
            return flake.revision, ""
        if flake.revision:
            return await mirror.resolve(flake.revision), ""
        memory = _LAST + hashlib.sha256(flake.ref.encode()).hexdigest()[:16]
        try:
            commit = await _head(mirror, flake)
            if not await _has(mirror, commit):
                await mirror.resolve(commit)
        except _NoSuchRefError as error:
            raise SourceError(str(error), remedy="push it, or name another one") from error
        except SourceError as error:
            last = await mirror.git.ask("rev-parse", "--verify", "--quiet", f"{memory}^{{commit}}")
            if last.code:
                raise
            return last.output.decode().strip(), str(error)
        await mirror.read("update-ref", memory, commit)
        return commit, ""

    async def _described(self, mirror: Mirror, commit: str, stale: str) -> Pinned:
        ref = f"{_PINS}{commit}"
        await mirror.read("update-ref", ref, commit)
        await _forget_old_pins(mirror)
        tree, committed = (await mirror.expect("log", "-1", "--format=%T %ct", commit)).split()
        tells = await mirror.git.ask("grep", "-qIP", _OWN_REVISION, commit, "--", "*.nix")
        # 1 is git's word for nothing found; a git that cannot look is taken for one that found something.
        identity = tree if tells.code == 1 else commit
        return Pinned(str(mirror.git.directory), ref, commit, identity, int(committed), stale=stale)


class _NoSuchRefError(SourceError):
    """The forge answers, and has no such ref: an answer, by which nothing is stale."""


async def _has(mirror: Mirror, commit: str) -> bool:
    if not mirror.git.directory.is_dir():
        return False
    return not (await mirror.git.ask("cat-file", "-e", f"{commit}^{{commit}}")).code


async def _head(mirror: Mirror, flake: FlakeUrl) -> str:
    """The commit that the forge has for the ref; a branch goes before a tag."""
    names = _names(flake.ref)
    answer = await mirror.git.ask_remote(("ls-remote", "--quiet"), flake.url, *names)
    if answer.code:
        told = condense(answer.errors)
        raise remote_fault(flake.url, answer.errors) or SourceError(
            f"{hide_password(flake.url)} cannot be asked for its revision ({told})",
            remedy="try git ls-remote as the user of the daemon",
        )
    lines = (line.partition("\t") for line in answer.output.decode(errors="replace").splitlines())
    found = {name: commit for commit, _, name in lines if _COMMIT.fullmatch(commit)}
    for name in names:
        if name in found:
            return found[name]
    raise _NoSuchRefError(f"{hide_password(flake.url)} has no branch or tag {flake.ref or 'by default'}")


def _names(ref: str) -> tuple[str, ...]:
    """What a ref may be called in full, what counts most first; an annotated tag is its commit."""
    if not ref:
        return ("HEAD",)
    if ref.startswith("refs/"):
        return (f"{ref}^{{}}", ref)
    return (f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}")


async def _forget_old_pins(mirror: Mirror) -> None:
    """Those whose commits are the oldest; what is asked for again is pinned again."""
    listed = await mirror.expect("for-each-ref", "--sort=-committerdate", "--format=%(refname)", _PINS)
    for ref in listed.splitlines()[_KEPT:]:
        await mirror.read("update-ref", "-d", ref)
