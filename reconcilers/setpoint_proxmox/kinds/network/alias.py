"""Our mark at the end of a vnet's alias: the one text of a zone that people may write, and a single line."""

from __future__ import annotations

import re

from setpoint.model.identity import Mark
from setpoint.model.key import Key

_MARK = re.compile(r"\[setpoint: (?P<estate>\S+) (?P<key>\S+) zone=(?P<zone>[A-Za-z0-9]+)\]")


def parse_alias(alias: str) -> Mark | None:
    """The mark at the end of an alias; it names the zone that its bearer is in."""
    match = _MARK.search(_split(alias)[1])
    if match is None:
        return None
    try:
        return Mark(match["estate"], Key.parse(match["key"]), match["zone"])
    except ValueError:
        return None


def with_mark(text: str, mark: Mark) -> str:
    """The alias that shows `text` to people and bears `mark`."""
    key = f"{mark.key.namespace}/{mark.key.kind}/{mark.key.name}"
    return f"{text} [setpoint: {mark.estate} {key} zone={mark.object_id}]".strip()


def without_mark(alias: str) -> str:
    """What people wrote."""
    return alias.strip() if parse_alias(alias) is None else _split(alias)[0].strip()


def _split(alias: str) -> tuple[str, str]:
    text, bracket, last = alias.strip().rpartition("[")
    return (text, bracket + last) if _MARK.fullmatch(bracket + last) else (alias, "")
