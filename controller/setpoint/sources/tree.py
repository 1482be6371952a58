"""The declaration files of one commit, read from the object store; what is not theirs is left out with a note."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from setpoint.desired.files import is_declaration
from setpoint.model.errors import SourceError
from setpoint.model.inventory import PREFIX
from setpoint.sources.mirror import Mirror, MirrorDamagedError
from setpoint.sources.source import Limits

_SYMLINK = "120000"
_SUBMODULE = "160000"

_BETWEEN = 128
"""More bytes than git writes around a blob's content."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `git ls-tree`; the path is relative to the source's root."""

    mode: str
    blob: str
    path: str


@dataclass(frozen=True)
class Listing:
    """What a commit declares, before it is read; `lines` are git's own of each entry."""

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    lines: Mapping[bytes, Entry] = field(default_factory=dict[bytes, Entry])


def check_limits(sizes: Mapping[str, int], limits: Limits, where: str) -> None:
    """Refuse what is too much to be an estate; `where` names the version.

    Raises:
        SourceError: too many files, or too much in all. One large file is the compiler's to refuse.
    """
    remedy = "keep only declarations there, or name their folder with source.git.path in the settings"
    if len(sizes) > limits.files:
        raise SourceError(
            f"{where} has {len(sizes)} YAML files; {limits.files} are read at most", remedy=remedy
        )
    if sum(sizes.values()) > limits.total_bytes:
        raise SourceError(
            f"{where} has {sum(sizes.values())} bytes of YAML; {limits.total_bytes} are read at most",
            remedy=remedy,
        )


async def list_tree(mirror: Mirror, commit: str, folder: str, before: Listing | None = None) -> Listing:
    """What `commit` declares below `folder`; `before` is an earlier listing of that folder, which saves time.

    Raises:
        MirrorDamagedError: the mirror lacks the commit or its trees.
        SourceError: there is no such folder, or a name that is no text.
    """
    # Without the sizes: for them git opens every object, and most of them are known.
    output = await mirror.read("ls-tree", "-r", "-z", "--full-tree", commit)
    lines = [line for line in output.split(b"\0") if line]
    # Ten thousand lines take longer than the loop may stand still.
    return await asyncio.to_thread(sort_out, lines, commit, folder, before)


def sort_out(lines: Iterable[bytes], commit: str, folder: str, before: Listing | None = None) -> Listing:
    """Choose the declarations from git's listing of the whole tree."""
    prefix = f"{folder}/".encode() if folder else b""
    known: Mapping[bytes, Entry] = before.lines if before is not None else {}
    entries: dict[bytes, Entry] = {}
    notes: list[str] = []
    inside = False
    for line in lines:
        if line in known:
            entries[line] = known[line]
        elif line.partition(b"\t")[2].startswith(prefix):
            inside = True
            match _sorted_out(line, prefix, commit):
                case Entry() as entry:
                    entries[line] = entry
                case str(note):
                    notes.append(note)
                case None:
                    pass
    if folder and not (inside or entries):
        raise SourceError(
            f"commit {commit[:12]} has no folder {folder}",
            remedy="commit it, or correct source.git.path in the settings",
        )
    return Listing(tuple(entries.values()), tuple(notes), entries)


def _sorted_out(line: bytes, prefix: bytes, commit: str) -> Entry | str | None:
    """What declares something, or why it is not read; None for anything else."""
    about, _, name = line.partition(b"\t")
    mode, _, blob = about.decode().split()
    path = name.removeprefix(prefix).decode(errors="surrogateescape")
    declares = is_declaration(path)
    if declares:
        _check_name(name, commit)
    if mode == _SUBMODULE:
        return f"{_shown(path)} is a submodule and not read"
    if declares and path.startswith(PREFIX):
        return reserved(path)
    if declares and mode == _SYMLINK:
        return f"{path} is a symbolic link and not read"
    return Entry(mode, blob, path) if declares else None


def reserved(path: str) -> str:
    """Why a file is not read that is named like what inventories declare."""
    return f"{path} begins with {PREFIX}, which is kept for inventories, and is not read; rename it"


async def measure_blobs(mirror: Mirror, entries: tuple[Entry, ...]) -> dict[str, int]:
    """The size of every entry, in bytes, by its path.

    Raises:
        MirrorDamagedError: the mirror lacks one.
    """
    if not entries:
        return {}
    lines = (
        await mirror.read("cat-file", "--batch-check=%(objectsize)", given=_wanted(entries))
    ).splitlines()
    for line in lines:
        if not line.isdigit():
            raise MirrorDamagedError(line.decode(errors="replace"))
    return {entry.path: int(line) for entry, line in zip(entries, lines, strict=True)}


async def read_blobs(mirror: Mirror, entries: tuple[Entry, ...], room: int | None = None) -> dict[str, bytes]:
    """The content of every entry by its path; `room` is how many bytes are expected at most.

    Raises:
        AnswerTooLongError: there are more.
        MirrorDamagedError: the mirror lacks one.
    """
    if not entries:
        return {}
    longest = None if room is None else room + _BETWEEN * len(entries)
    output = await mirror.read("cat-file", "--batch", given=_wanted(entries), longest=longest)
    contents = split_batch(output)
    return {entry.path: content for entry, content in zip(entries, contents, strict=True)}


def _wanted(entries: tuple[Entry, ...]) -> bytes:
    return "".join(f"{entry.blob}\n" for entry in entries).encode()


def split_batch(output: bytes) -> Iterator[bytes]:
    """The contents in an answer of `git cat-file --batch`, in the order asked for.

    Raises:
        MirrorDamagedError: one is missing or cut off.
    """
    position = 0
    while position < len(output):
        end = output.find(b"\n", position)
        words = output[position:end].split()
        if len(words) != 3 or words[1] != b"blob":  # noqa: PLR2004 - id, type, size
            raise MirrorDamagedError(output[position:end].decode(errors="replace"))
        start, size = end + 1, int(words[2])
        if start + size >= len(output):
            raise MirrorDamagedError("an object is cut off")
        yield output[start : start + size]
        position = start + size + 1


def _check_name(name: bytes, commit: str) -> None:
    try:
        name.decode()
    except UnicodeDecodeError:
        raise SourceError(
            f"commit {commit[:12]} has a file whose name is not UTF-8: {name!r}", remedy="rename it"
        ) from None


def _shown(path: str) -> str:
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
