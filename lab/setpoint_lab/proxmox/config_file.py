"""A guest's config file: sections read from its text and rendered to it, and the digest of that text.

Everything is kept through the text, so that what blanks, booleans and line ends become is decided in one place.
Neighbours: `qemu.config` and `lxc.config`, which say what their files do differently.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Self
from urllib.parse import quote, unquote

Section = dict[str, str]

_LINE = re.compile(r"^([a-z][a-z_-]*\d*):\s*(.+?)\s*$")
_HEADER = re.compile(r"^\[(?:(special|pve):)?([a-zA-Z][a-zA-Z0-9_-]*)\]\s*$")
RAW = "lxc"
"""What raw lines are kept as together; no option has that name."""

_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%:")
"""What a description's line holds unescaped."""


@dataclass(slots=True)
class ConfigFile:
    """What a config file says; values are text.

    `deletes` are the options marked for removal, True where a volume goes with it. `special` are sections
    that are not options of the guest, such as what a cloud-init image was made of.
    """

    PENDING: ClassVar[str] = "PENDING"
    """The title of the section of what is pending."""

    current: Section = field(default_factory=Section)
    pending: Section = field(default_factory=Section)
    deletes: dict[str, bool] = field(default_factory=dict[str, bool])
    special: dict[str, Section] = field(default_factory=dict[str, Section])
    snapshots: dict[str, Section] = field(default_factory=dict[str, Section])

    @staticmethod
    def canonical(key: str, value: str) -> str:  # noqa: ARG004  # files of some kinds look at the key
        """The form in which the file holds a value."""
        return value

    @staticmethod
    def shown(key: str, value: str) -> object:  # noqa: ARG004  # files of some kinds look at the key
        """A value as answers show it."""
        return value

    @staticmethod
    def described(lines: str) -> str:
        """The description that the lines of the file, each with its line end, make."""
        return lines

    @classmethod
    def raw(cls, line: str) -> str | None:  # noqa: ARG003  # files of some kinds have such lines
        """A line that is no option and is kept as it is, without what trails; None for one that is skipped."""
        return None

    def render(self) -> str:
        """The text of the file; numbers and booleans come out in their canonical form."""
        marks = ",".join(f"!{key}" if force else key for key, force in sorted(self.deletes.items()))
        pending = self.pending | ({"delete": marks} if marks else {})
        text = self._rendered(self.current)
        if pending:
            text += f"\n[{self.PENDING}]\n" + self._rendered(pending, blank_description=True)
        for name, section in sorted(self.special.items()):
            text += f"\n[special:{name}]\n" + self._rendered(section)
        for name, section in sorted(self.snapshots.items()):
            text += f"\n[{name}]\n" + self._rendered(section)
        return text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file; a line that is neither an option nor a description is skipped."""
        config = cls()
        section = config.current
        for line in text.split("\n"):
            header = _HEADER.match(line)
            if header is not None:
                section = config._section(header[2], special=header[1] == "special")
            elif line.startswith("#"):
                section["description"] = section.get("description", "") + unquote(line[1:]) + "\n"
            elif (found := _LINE.match(line)) is not None:
                section[found[1]] = found[2]
            elif (raw := cls.raw(line)) is not None:
                section[RAW] = f"{section[RAW]}\n{raw}" if RAW in section else raw
        for part in config._sections():
            if "description" in part:
                part["description"] = cls.described(part["description"])
        marks = config.pending.pop("delete", "")
        config.deletes = {mark.lstrip("!"): mark.startswith("!") for mark in marks.split(",") if mark}
        return config

    def copy(self) -> Self:
        """Another one that says the same."""
        return type(self)(
            dict(self.current),
            dict(self.pending),
            dict(self.deletes),
            {name: dict(section) for name, section in self.special.items()},
            {name: dict(section) for name, section in self.snapshots.items()},
        )

    def _sections(self) -> list[Section]:
        return [self.current, self.pending, *self.special.values(), *self.snapshots.values()]

    def _section(self, name: str, *, special: bool) -> Section:
        if special:
            return self.special.setdefault(name, {})
        return self.pending if name.upper() == "PENDING" else self.snapshots.setdefault(name, {})

    def _rendered(self, section: Section, *, blank_description: bool = False) -> str:
        description = section.get("description")
        lines: list[str] = []
        if description:
            lines += [f"#{quote(line, safe=_PLAIN)}" for line in description.rstrip("\n").split("\n")]
        elif description is not None and blank_description:
            lines.append("#")
        lines += [
            f"{key}: {self.canonical(key, value)}"
            for key, value in sorted(section.items())
            if key not in {"description", RAW}
        ]
        lines += section[RAW].split("\n") if RAW in section else []
        return "".join(f"{line}\n" for line in lines)


@lru_cache(maxsize=4096)
def digest(text: str) -> str:
    """What `digest` shows of a file."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
