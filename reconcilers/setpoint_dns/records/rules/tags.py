"""Lists of `tag=value; tag=value`, as DMARC, DKIM and their kin have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from setpoint_dns.rdata import text_of
from setpoint_dns.records.finding import Flaw, error
from setpoint_dns.records.zone import Entry

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Tags:
    """What a list says, in the order written, and what of it is no tag."""

    items: tuple[tuple[str, str], ...]
    wrong: tuple[str, ...]

    def get(self, tag: str) -> str | None:
        """The value of a tag; None without it."""
        return next((value for name, value in self.items if name == tag), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The tags alone."""
        return tuple(name for name, _ in self.items)


def tags(text: str) -> Tags:
    """The tags of a text; blanks around them have no meaning."""
    items: list[tuple[str, str]] = []
    wrong: list[str] = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        name, equals, value = (one.strip() for one in part.partition("="))
        if equals and _TAG.fullmatch(name):
            items.append((name, value))
        else:
            wrong.append(part)
    return Tags(tuple(items), tuple(wrong))


def malformed(found: Tags, number: int) -> Iterator[Flaw]:
    """What is wrong with a list, whatever it is about."""
    for part in found.wrong:
        yield error(f"'{part}' is no tag=value", "separate the tags by ';'", number)
    for name in sorted({one for one in found.names if found.names.count(one) > 1}):
        yield error(f"the tag {name} stands there twice", "keep one", number)
    for _, value in found.items:
        if value.endswith("\\"):
            yield error("a ';' has a backslash before it", "write ';' alone; nothing is escaped here", number)


def texts(entry: Entry) -> Iterator[tuple[int, str]]:
    """The texts of a TXT set, each with its position."""
    for number, value in enumerate(entry.values):
        yield number, text_of(value)
