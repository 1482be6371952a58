"""A commit as git keeps it: who made it, what it is about, its tree, and what it came from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from setpoint.sources.mirror import MirrorDamagedError
from setpoint.sources.objects import Conversation, Object

NEAR = 32
"""Commits that are looked at for one that is in force, before git is asked to search the whole history."""


@dataclass(frozen=True)
class Commit:
    """A commit.

    Attributes:
        author: name and address.
        subject: the first paragraph of what was said, on one line.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    subject: str


async def read_commit(git: Conversation, name: str) -> Commit:
    """The commit that a name stands for.

    Raises:
        MirrorDamagedError: it cannot be read.
    """
    return parsed(await git.read(name, "commit"))


def parsed(found: Object) -> Commit:
    """What a commit says; text that is not in its encoding is told as far as it is.

    Raises:
        MirrorDamagedError: it names no tree.
    """
    head, _, message = found.content.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, []).append(value)
    if b"tree" not in fields:
        raise MirrorDamagedError(f"commit {found.id} names no tree")
    encoding = fields.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    return Commit(
        found.id,
        fields[b"tree"][0].decode(),
        tuple(one.decode() for one in fields.get(b"parent", ())),
        _text(_without_time(fields.get(b"author", [b""])[0]), encoding),
        _subject(_text(message, encoding)),
    )


def _without_time(author: bytes) -> bytes:
    return author[: author.rfind(b">") + 1] or author


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _subject(message: str) -> str:
    paragraph: list[str] = []
    for line in message.lstrip("\n").split("\n"):
        if not line.strip():
            break
        paragraph.append(line.rstrip())
    return " ".join(paragraph)


async def is_near(git: Conversation, head: Commit, wanted: str) -> bool:
    """Whether a commit is the head or one of those right before it; False says nothing."""
    if head.id == wanted:
        return True
    coming, seen = deque(head.parents), {head.id}
    while coming and len(seen) < NEAR:
        name = coming.popleft()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            try:
                coming.extend((await read_commit(git, name)).parents)
            except MirrorDamagedError:
                return False  # Whoever searches the whole history says what that means.
    return False
