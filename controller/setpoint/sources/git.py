"""Declarations in a branch of a git repository, read from a bare mirror at one commit; never a work tree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import final

from setpoint.model.errors import SourceError
from setpoint.sources.commit import Commit, is_near, read_commit
from setpoint.sources.faults import hide_password
from setpoint.sources.mirror import FETCHED, Mirror, MirrorDamagedError
from setpoint.sources.objects import Conversation, conversation
from setpoint.sources.process import AnswerTooLongError, Git
from setpoint.sources.snapshot import HistoryRewrittenError, Snapshot
from setpoint.sources.source import DEFAULT_LIMITS, Approved, Bell, Limits, local_path
from setpoint.sources.tree import Entry, Listing, check_limits, measure_blobs, read_blobs, sort_out
from setpoint.sources.walk import Folders, list_lines
from setpoint.sources.watching import Watched, rings

FEW = 32
"""Files up to which nothing is done elsewhere: they are sorted out in place, and asked for one after the other."""

TIDY = 16
"""Commits after which git is asked once more whether the mirror should be repacked."""


@final
class GitSource:
    """A branch of a repository.

    Args:
        url: whatever git fetches from.
        git: on the directory of the mirror, which is ours alone.
        branch: the branch that is followed.
        folder: of the repository, with the declarations; empty for its root.
        poll: how often to ask for new commits.
        limits: what one commit may hold.
    """

    def __init__(
        self, url: str, git: Git, *, name: str = "git", branch: str = "main", folder: str = "",
        poll: timedelta = timedelta(seconds=60), limits: Limits = DEFAULT_LIMITS,
    ) -> None:  # fmt: skip
        self.name = name
        self._mirror = Mirror(url, branch, git)
        self._folder = folder
        self._limits = limits
        self._bell = Bell(poll)
        self._last: Snapshot | None = None
        self._listing: Listing | None = None
        self._folders: Folders = {}
        self._followed = 0
        self._blobs: dict[str, bytes] = {}
        self._turn = asyncio.Lock()

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        """The declarations at the head of the branch.

        Raises:
            HistoryRewrittenError: the head does not contain `previous`, and is not approved.
            SourceError: the repository cannot be read; what is in force stays.
        """
        async with self._turn:
            try:
                async with conversation(self._mirror.git) as git:
                    if self._mirror.git.directory.is_dir():
                        git.begin()
                    await self._mirror.update(previous, tidy=self._followed % TIDY == 0)
                    return await self._read(git, previous, approved)
            except MirrorDamagedError:
                await self._mirror.renew(previous)
            try:
                async with conversation(self._mirror.git) as git:
                    return await self._read(git, previous, approved)
            except MirrorDamagedError as error:
                raise SourceError(
                    f"the head of {self._mirror.branch} of {self._place} cannot be read ({error})",
                    remedy="git fsck the repository, or fetch it as the user of the daemon",
                ) from error

    async def at(self, revision: str) -> Snapshot:
        """The declarations of a branch, a tag or a commit, whatever is followed.

        Raises:
            SourceError: there is no such revision, or the repository cannot be read.
        """
        async with self._turn:
            try:
                commit = await self._mirror.resolve(revision)
                async with conversation(self._mirror.git) as git:
                    return await self._snapshot(git, await read_commit(git, commit))
            except MirrorDamagedError as error:
                raise SourceError(
                    f"'{revision}' of {self._place} cannot be read ({error})",
                    remedy="name a branch, a tag or a commit of it",
                ) from error

    async def watch(self) -> AsyncGenerator[None]:
        """Rings at every poll and poke, and when a repository on this host moves a branch."""
        async for _ in rings(self._bell, _moving_parts(self._mirror.url)):
            yield

    def poke(self) -> None:
        """Say that somebody pushed."""
        self._bell.ring()

    @property
    def _place(self) -> str:
        return hide_password(self._mirror.url)

    async def _read(self, git: Conversation, previous: str | None, approved: Approved) -> Snapshot:
        head = await read_commit(git, FETCHED)
        if (
            previous is not None
            and not await is_near(git, head, previous)
            and not await self._mirror.descends(head.id, previous)
            and not approved(head.id)
        ):
            raise HistoryRewrittenError(
                f"the history of branch {self._mirror.branch} of {self._place} was rewritten: "
                f"its head {head.id[:12]} does not contain {previous[:12]}, which is in force",
                remedy=f"push the old history back, or follow the new one with setpoint approve {head.id}",
                commit=head.id,
            )
        if self._last is None or self._last.version != head.id:
            self._last = await self._snapshot(git, head)
            self._followed += 1
        return self._last

    async def _snapshot(self, git: Conversation, head: Commit) -> Snapshot:
        lines, folders = await list_lines(git, head.tree, self._folders)
        if len(lines) > FEW:  # ten thousand take longer than the loop may stand still
            listing = await asyncio.to_thread(sort_out, lines, head.id, self._folder, self._listing)
        else:
            listing = sort_out(lines, head.id, self._folder, self._listing)
        files = await self._files(git, listing.entries, f"commit {head.id[:12]} of {self._place}")
        self._listing, self._folders = listing, folders
        return Snapshot(self.name, head.id, files, head.author, head.subject, listing.notes)

    async def _files(self, git: Conversation, entries: tuple[Entry, ...], where: str) -> dict[str, bytes]:
        """The content of every entry; what the snapshot before held is taken from it, and not read again."""
        before = self._blobs
        missing = tuple(entry for entry in entries if entry.blob not in before)
        sizes = {entry.path: len(before.get(entry.blob, b"")) for entry in entries}
        check_limits(dict.fromkeys(sizes, 0), self._limits, where)
        try:
            read = await self._blobs_of(git, missing, self._limits.total_bytes - sum(sizes.values()))
        except AnswerTooLongError:
            # How much it is in all is told by git, which opens every object for it.
            check_limits({**sizes, **await measure_blobs(self._mirror, missing)}, self._limits, where)
            read = await read_blobs(self._mirror, missing)
        sizes |= {path: len(content) for path, content in read.items()}
        check_limits(sizes, self._limits, where)
        known = {**before, **{entry.blob: read[entry.path] for entry in missing}}
        self._blobs = {entry.blob: known[entry.blob] for entry in entries}
        return {entry.path: known[entry.blob] for entry in entries}

    async def _blobs_of(self, git: Conversation, entries: tuple[Entry, ...], room: int) -> dict[str, bytes]:
        """The content of entries; `room` is how many bytes are expected at most."""
        if len(entries) > FEW:
            return await read_blobs(self._mirror, entries, room)
        read: dict[str, bytes] = {}
        for entry in entries:
            read[entry.path] = (await git.read(entry.blob, "blob", room)).content
            room -= len(read[entry.path])
        return read


def _moving_parts(url: str) -> tuple[Watched, ...]:
    """What changes in a repository on this host when somebody pushes to it or commits in it."""
    place = local_path(url)
    if place is None:
        return ()
    inner = place / ".git"
    directory = inner if inner.is_dir() else place
    return Watched(directory, recursive=False), Watched(directory / "refs" / "heads", recursive=True)
