"""Reads what Nix prints, in the shapes of 2.8 and of everything since: unknown fields are passed over."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, cast

from setpoint.model.printable import brief

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_VERSION: Final = re.compile(r"\((?P<make>[^)]*)\) (?P<number>\d+(?:\.\d+)*\S*)")
_STORE_PATH: Final = re.compile(r"/nix/store/[0-9a-df-np-sv-z]{32}-[0-9a-zA-Z+\-._?=]+")
_ERROR: Final = re.compile(r"^\s*error: ?(.*)$")
_NOISE: Final = re.compile(
    r"\(use '--show-trace'|For full logs, run|nix log /nix/store|Try 'nix|^\s*at .*:\d+:\d+:?$|^\s*\d*\s*\|"
    r"|^\s*… |^warning:|^\s*Output paths:|^\s*/nix/store/\S+$"
)
_FOLLOWS: Final = re.compile(r"\d+ dependenc(?:y|ies)\b.*failed|Build failed due to failed dependency")
_LONGEST: Final = 600


@dataclass(frozen=True)
class System:
    """What an evaluation gives of a host.

    Attributes:
        drv: the store path of the derivation.
        out: the store path that building it gives.
        platform: what it is built on, e.g. `x86_64-linux`.
    """

    drv: str
    out: str
    platform: str


@dataclass(frozen=True)
class Version:
    """Which Nix it is: `make` as it names itself (`Nix`, `Lix, like Nix`), `number` as text."""

    make: str
    number: str

    def __str__(self) -> str:
        return f"{self.make} {self.number}"


def plain(text: str) -> str:
    """`text` without colours and other sequences for a terminal."""
    return _ANSI.sub("", text)


def version(text: str) -> Version:
    """What `nix --version` says.

    Raises:
        ValueError: that is no version of Nix.
    """
    match = _VERSION.search(plain(text))
    if match is None:
        raise ValueError(f"'{brief(text.strip(), 80)}' is no version of Nix")
    return Version(match["make"], match["number"])


def system(text: str) -> System:
    """The answer to `commands.evaluate`.

    Raises:
        ValueError: it is not such an answer, e.g. cut off in its middle.
    """
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"'{brief(text.strip(), 80)}' is no derivation")  # noqa: TRY004 - what was read is wrong
    values = cast("dict[str, object]", found)
    drv, out, platform = (values.get(name) for name in ("drv", "out", "platform"))
    if not is_store_path(drv) or not is_store_path(out) or not isinstance(platform, str):
        raise ValueError(f"'{brief(text.strip(), 80)}' names no store paths")
    return System(str(drv), str(out), platform)


def is_store_path(value: object) -> bool:
    """Whether it is the path of an object in the store, and not of a file in one."""
    return isinstance(value, str) and _STORE_PATH.fullmatch(value) is not None


def store_paths(text: str) -> tuple[str, ...]:
    """The store paths that stand alone on a line, in their order."""
    return tuple(line.strip() for line in text.splitlines() if is_store_path(line.strip()))


def cause(errors: str) -> str:
    """Why it failed, in one line: the innermost error, without the trace around it and what merely followed from it."""
    blocks = [text for text in map(_condense, _blocks(plain(errors))) if text]
    told = [block for block in blocks if not _FOLLOWS.search(block)] or blocks
    if told:
        return brief(told[-1], _LONGEST)
    lines = [line.strip() for line in plain(errors).splitlines() if line.strip()]
    return brief(lines[-1], _LONGEST) if lines else "nothing was said"


def _blocks(errors: str) -> list[list[str]]:
    """The lines of each error, the outer ones first; new Nix prints the trace before its cause, as errors in errors."""
    blocks: list[list[str]] = []
    for line in errors.splitlines():
        match = _ERROR.match(line)
        if match is not None:
            blocks.append([match[1]])
        elif blocks:
            blocks[-1].append(line)
    return blocks


def _condense(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip() and not _NOISE.search(line))
