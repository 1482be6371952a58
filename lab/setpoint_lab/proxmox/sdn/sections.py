"""Sections of the network configuration: how they are stored, held against each other, shown and digested."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

Kind = Literal["zones", "vnets", "subnets", "controllers"]
"""The kinds that have an edited and a running configuration."""

KINDS: tuple[Kind, ...] = ("zones", "vnets", "subnets", "controllers")

Section = dict[str, object]
Sections = dict[str, Section]
"""By id; a section has its `type` and its options, typed as the schema says."""

Config = dict[Kind, Sections]

FIXED = ("type", "vnet")
"""Options that the pending view shows beside what is pending, never in it."""

NODE_LISTS = frozenset({"nodes", "exitnodes"})


def copy(config: Config) -> Config:
    """A configuration of its own."""
    return {kind: {name: dict(section) for name, section in config[kind].items()} for kind in KINDS}


def stored(key: str, value: object) -> object:
    """A value as the file keeps it: lists of nodes are sorted and each is in it once."""
    if key not in NODE_LISTS:
        return value
    return ",".join(sorted(set(str(value).replace(";", ",").replace(" ", ",").split(",")) - {""}))


def pending(running: Mapping[str, Section], edited: Mapping[str, Section]) -> dict[str, Section]:
    """What runs, with `state` and `pending` where the edited configuration differs from it."""
    shown = {name: _changed(section, edited.get(name)) for name, section in running.items()}
    return shown | {name: _new(section) for name, section in edited.items() if name not in running}


def _changed(running: Section, edited: Section | None) -> Section:
    if edited is None:
        return {**running, "state": "deleted", "pending": {}}
    changes: Section = {
        key: edited.get(key, "deleted")
        for key in sorted(running.keys() | edited.keys())
        if running.get(key) != edited.get(key)
    }
    return {**running, "state": "changed", "pending": changes} if changes else dict(running)


def _new(edited: Section) -> Section:
    fixed = {key: edited[key] for key in FIXED if key in edited}
    changes = {key: value for key, value in edited.items() if key not in FIXED}
    return {**fixed, "state": "new", "pending": changes}


def digest(sections: Mapping[str, Section]) -> str:
    """Of the whole file of a kind: any change to any section makes another one."""
    text = "".join(_text(name, section) for name, section in sections.items())
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _text(name: str, section: Section) -> str:
    lines = [f"\t{key} {value}\n" for key, value in sorted(section.items()) if key != "type"]
    return f"{section['type']}: {name}\n{''.join(lines)}\n"
