"""The tree of a commit as `git ls-tree -r -z` lists it, of which only those folders are read that are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from setpoint.sources.mirror import MirrorDamagedError
from setpoint.sources.objects import Conversation

Place: TypeAlias = tuple[bytes, str]
"""The path of a folder with a slash behind, empty for the root, and the id of its tree."""
Folders: TypeAlias = Mapping[Place, tuple[bytes | Place, ...]]
"""What is directly in each folder, in git's order: lines as git lists files, and places of folders."""

_FOLDER = b"40000"
_SUBMODULE = b"160000"
_BYTES = {40: 20, 64: 32}
"""How long an id is in a tree, by how long it is as text."""


async def list_lines(git: Conversation, tree: str, before: Folders) -> tuple[list[bytes], Folders]:
    """Every file below a tree; and what is in each folder, which saves the time of reading it for the next one.

    Raises:
        MirrorDamagedError: the mirror lacks a part of it.
    """
    folders: dict[Place, tuple[bytes | Place, ...]] = {}
    lines: list[bytes] = []
    coming: list[bytes | Place] = [(b"", tree)]
    while coming:
        one = coming.pop()
        if isinstance(one, bytes):
            lines.append(one)
            continue
        if one not in folders:
            known = before.get(one)
            folders[one] = await _read(git, one) if known is None else known
        coming.extend(reversed(folders[one]))
    return lines, folders


async def _read(git: Conversation, place: Place) -> tuple[bytes | Place, ...]:
    path, tree = place
    content = (await git.read(tree, "tree")).content
    try:
        return tuple(_parsed(path, content, _BYTES[len(tree)]))
    except (ValueError, KeyError):
        raise MirrorDamagedError(f"tree {tree} is none") from None


def _parsed(path: bytes, content: bytes, size: int) -> Iterator[bytes | Place]:
    """The entries of a tree.

    Raises:
        ValueError: it is cut off.
    """
    at = 0
    while at < len(content):
        blank = content.index(b" ", at)
        end = content.index(b"\0", blank)
        mode, name = content[at:blank], path + content[blank + 1 : end]
        found = content[end + 1 : end + 1 + size].hex()
        if len(found) != 2 * size:
            raise ValueError(path)
        at = end + 1 + size
        if mode == _FOLDER:
            yield name + b"/", found
        else:
            kind = b"commit" if mode == _SUBMODULE else b"blob"
            yield b"%s %s %s\t%s" % (mode, kind, found.encode(), name)
