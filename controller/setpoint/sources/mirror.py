"""A bare mirror of one branch. It is a cache: whatever is wrong with it is healed by making it anew."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from setpoint.model.errors import SourceError
from setpoint.sources.faults import condense, hide_password, missing_branch, remote_fault
from setpoint.sources.process import Git

FETCHED = "refs/setpoint/fetched"
"""The head of the branch, as the remote last told it."""

IN_FORCE = "refs/setpoint/in-force"
"""The commit in force, kept even when the remote drops it, so that its content can always be read."""

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
_HEADS = "refs/heads/"
_OTHERS = "refs/setpoint/others/"
_REFUSED = 1
"""How a fetch ends that could not move a ref; what is wrong with the remote ends it otherwise."""

_ACCESS = "give the state directory to the user of the daemon, and see that it has room"


class MirrorDamagedError(Exception):
    """The mirror does not give what it must hold; a new one may."""


@dataclass(frozen=True)
class Mirror:
    """The mirror of `branch` of `url` in the directory of `git`. Used by one task at a time."""

    url: str
    branch: str
    git: Git

    async def update(self, in_force: str | None, *, tidy: bool = True) -> None:
        """Fetch the branch, whose head is FETCHED then; makes the mirror when there is none.

        As long as the branch only grows, its head keeps the commit in force; before anything else, that is pinned.

        Args:
            in_force: the commit in force.
            tidy: have git see whether it should repack; that takes longer than a small fetch.

        Raises:
            MirrorDamagedError: something that does not look like the remote's fault.
            SourceError: the remote's fault.
        """
        if not self.git.directory.is_dir():
            await self._make()
        refspec = f"{_HEADS}{self.branch}:{FETCHED}"
        command = _FETCH if tidy else (*_FETCH, "--no-auto-maintenance")
        answer = await self.git.ask_remote(command, self.url, refspec)
        if answer.code == _REFUSED:
            if in_force is not None:
                await self._pin(in_force)
            answer = await self.git.ask_remote(command, self.url, f"+{refspec}")
        if answer.code:
            raise await self._fault(answer.errors)

    async def resolve(self, revision: str) -> str:
        """The commit that a branch, a tag or a (shortened) commit id names; everything is fetched for it.

        Raises:
            MirrorDamagedError: something that does not look like the remote's fault.
            SourceError: the remote's fault, or there is no such revision.
        """
        if not self.git.directory.is_dir():
            await self._make()
        refspecs = (f"+{_HEADS}*:{_OTHERS}heads/*", f"+refs/tags/*:{_OTHERS}tags/*")
        answer = await self.git.ask_remote(_FETCH, self.url, *refspecs)
        if answer.code:
            raise await self._fault(answer.errors)
        for name in (f"{_OTHERS}heads/{revision}", f"{_OTHERS}tags/{revision}", revision):
            found = await self.git.ask(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
            if not found.code:
                return found.output.decode().strip()
        branches = ", ".join(await self._branches())
        raise SourceError(
            f"{hide_password(self.url)} has no branch, tag or commit '{revision}'",
            remedy=f"its branches are {branches}",
        )

    async def renew(self, in_force: str | None) -> None:
        """Make the mirror anew beside the old one, and change places.

        Raises:
            SourceError: it cannot be made.
        """
        place = self.git.directory
        fresh = _beside(place)
        try:
            await replace(self, git=replace(self.git, directory=fresh)).update(in_force)
            await asyncio.to_thread(_swap, place, fresh)
        except MirrorDamagedError as error:
            raise SourceError(
                f"{hide_password(self.url)} cannot be fetched ({error})",
                remedy=f"try git fetch as the user of the daemon, and look at {place.parent}",
            ) from error
        except OSError as error:
            raise _unusable(place, error) from error
        finally:
            await asyncio.to_thread(_tidy, place)

    async def descends(self, commit: str, ancestor: str) -> bool:
        """Whether `commit` contains `ancestor`; not when its whole history does not know that one.

        Raises:
            MirrorDamagedError: the history is not whole.
        """
        answer = await self.git.ask("merge-base", "--is-ancestor", ancestor, commit)
        if answer.code not in (0, 1):
            await self.read("rev-list", "--quiet", commit)
        return answer.code == 0

    async def read(self, *arguments: str, given: bytes = b"", longest: int | None = None) -> bytes:
        """What git answers about the mirror's content.

        Raises:
            MirrorDamagedError: it fails.
            AnswerTooLongError: it is more than `longest` bytes.
        """
        git = self.git if longest is None else replace(self.git, longest=min(longest, self.git.longest))
        answer = await git.ask(*arguments, given=given)
        if answer.code:
            raise MirrorDamagedError(condense(answer.errors) or f"git {arguments[0]} fails")
        return answer.output

    async def expect(self, *arguments: str) -> str:
        """The one line that git answers.

        Raises:
            MirrorDamagedError: it fails.
        """
        return (await self.read(*arguments)).decode(errors="replace").strip()

    async def _make(self) -> None:
        """Named at the last moment, so that a mirror that exists was made completely."""
        place = self.git.directory
        half = _beside(place)
        try:
            await asyncio.to_thread(place.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
            answer = await replace(self.git, directory=half).ask("init", "--quiet", "--bare", "--template=")
            if answer.code:
                raise SourceError(
                    f"the mirror {place} cannot be made ({condense(answer.errors)})", remedy=_ACCESS
                )
            half.rename(place)
        except OSError as error:
            raise _unusable(place, error) from error
        finally:
            await asyncio.to_thread(_tidy, place)

    async def _pin(self, commit: str) -> None:
        """A commit that the mirror lacks cannot be kept; `descends` will say so."""
        answer = await self.git.ask("update-ref", IN_FORCE, commit)
        if not answer.code:
            return
        there = await self.git.ask("cat-file", "-e", f"{commit}^{{commit}}")
        if not there.code:
            raise MirrorDamagedError(condense(answer.errors) or "git update-ref fails")

    async def _fault(self, errors: str) -> Exception:
        if "couldn't find remote ref" in errors:
            return missing_branch(self.url, self.branch, await self._branches())
        return remote_fault(self.url, errors) or MirrorDamagedError(condense(errors))

    async def _branches(self) -> list[str]:
        answer = await self.git.ask_remote(("ls-remote", "--heads"), self.url)
        lines = answer.output.decode(errors="replace").splitlines()
        return sorted(line.partition(_HEADS)[2] for line in lines)


def _beside(place: Path) -> Path:
    """A name that nobody has, found by `_tidy` when a crash leaves it."""
    return place.with_name(f"{place.name}.{token_hex(4)}")


def _tidy(place: Path) -> None:
    """Remove what was made beside `place`; what a git that is still dying writes to goes the next time."""
    for left in place.parent.glob(f"{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def _swap(place: Path, fresh: Path) -> None:
    """A crash in between leaves no mirror, which is as good as a new one."""
    with suppress(FileNotFoundError):
        place.rename(_beside(place))
    fresh.rename(place)


def _unusable(place: Path, error: OSError) -> SourceError:
    return SourceError(f"the mirror {place} cannot be made: {error.strerror}", remedy=_ACCESS)
