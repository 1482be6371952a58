"""Tells whether two systems differ in nothing but the revision that they bear, which `self.rev` in a flake brings about.

It reads the derivations as the text that the store keeps, for no command shows them in one shape in every version of Nix.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from setpoint_nixos.nix import commands
from setpoint_nixos.nix.read import store_paths
from setpoint_nixos.nix.run import Bounds, Nix

_DERIVATION: Final = re.compile(
    r'Derive\(\[(?P<outputs>(?:\([^)]*\),?)*)\],\[(?P<inputs>(?:\("[^"]*",\[[^\]]*\]\),?)*)\],'
    r'\[(?P<sources>(?:"[^"]*",?)*)\],(?P<rest>.*)\)',
    re.DOTALL,
)
_OUTPUT: Final = re.compile(r'\("([^"]*)","(/nix/store/[^"]*)"')
_INPUT: Final = re.compile(r'\("([^"]*)",\[([^\]]*)\]\)')
_PATH: Final = re.compile(r"/nix/store/[0-9a-df-np-sv-z]{32}-[0-9a-zA-Z+\-._?=]+")
_SHORT: Final = 7


@dataclass(frozen=True)
class Stamp:
    """What a flake may tell of its own revision: `revision`, and when it was `committed` in seconds since 1970."""

    revision: str
    committed: int

    def marks(self) -> tuple[str, ...]:
        """The texts that it may become in a configuration, longer ones before those that begin them."""
        date = datetime.fromtimestamp(self.committed, UTC).strftime("%Y%m%d%H%M%S")
        return (
            self.revision,
            self.revision[:12],
            self.revision[:_SHORT],
            date,
            date[:8],
            str(self.committed),
        )


@dataclass(frozen=True)
class Stamped:
    """A system's derivation, and the stamp of the revision that it was made of."""

    drv: str
    stamp: Stamp


async def is_revision_only(nix: Nix, before: Stamped, after: Stamped, bounds: Bounds) -> bool:
    """Whether nothing else differs; False as well when that cannot be told, e.g. after a garbage collection."""
    if before.drv == after.drv:
        return False
    closures: list[tuple[str, ...]] = []
    for each in (before, after):
        ended = await nix.run(commands.closure(each.drv), bounds)
        if ended.code:
            return False
        closures.append(tuple(path for path in store_paths(ended.output) if path.endswith(".drv")))
    return await asyncio.to_thread(_alike, _folder(nix), (before, after), closures)


def canonical(texts: Mapping[str, str], marks: Sequence[str]) -> str | None:
    """What is left of the last of these derivations without paths that follow from others, and without the marks.

    Args:
        texts: by store path, in an order in which each comes after those that it needs; of one that is left out the
            path itself counts.
        marks: what is taken out.
    """
    known: dict[str, str] = {}
    last = None
    for path, text in texts.items():
        match = _DERIVATION.fullmatch(text.strip())
        if match is None:
            return None
        outputs = _OUTPUT.findall(match["outputs"])
        known |= {place: f"<{name}>" for name, place in outputs}
        last = hashlib.sha256(_content(match, known, marks).encode()).hexdigest()
        known |= {path: last, **{place: f"<{last}!{name}>" for name, place in outputs}}
    return last


def _content(match: re.Match[str], known: Mapping[str, str], marks: Sequence[str]) -> str:
    """Without the order of inputs, which is that of their paths."""
    inputs = sorted(f"{known.get(path, path)}:{names}" for path, names in _INPUT.findall(match["inputs"]))
    rest = _PATH.sub(lambda found: known.get(found[0], found[0]), match["rest"])
    names = [name for name, _ in _OUTPUT.findall(match["outputs"])]
    return _without(marks, "\n".join((*names, *inputs, match["sources"], rest)))


def _without(marks: Sequence[str], text: str) -> str:
    for number, mark in enumerate(marks):
        text = text.replace(mark, f"<mark {number}>")
    return text


def _alike(folder: Path, pair: tuple[Stamped, Stamped], closures: Sequence[tuple[str, ...]]) -> bool:
    shared = set(closures[0]) & set(closures[1])
    try:
        left, right = (
            canonical(_read(folder, (path for path in closure if path not in shared)), each.stamp.marks())
            for each, closure in zip(pair, closures, strict=True)
        )
    except OSError:
        return False
    return left is not None and left == right


def _read(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    return {path: Path(f"{folder}{path}").read_text(errors="replace") for path in paths}


def _folder(nix: Nix) -> Path:
    """Below which the store lies: a store with a root of its own has its paths there."""
    _, _, root = nix.store.partition("local?root=")
    return Path(root or "/")
