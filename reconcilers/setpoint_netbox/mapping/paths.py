"""Paths into what NetBox says of an object: `cluster.name`, `tags[*].slug`, `ip_addresses[family=4].address`.

A path that leads nowhere finds nothing, which is not a mistake: NetBox does not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from setpoint.model.tree import Json

_STEP: Final = re.compile(r"([A-Za-z0-9_-]+)((?:\[[^][]*\])*)")
_PICK: Final = re.compile(r"\[([^][]*)\]")
_TEST: Final = re.compile(r"([A-Za-z0-9_]+)(!?=)(.*)")
_OWN: Final = frozenset({"@index", "@key", "@value"})
_CHOICE: Final = frozenset({"value", "label"})
_NONE: Final = "null"


@dataclass(frozen=True, slots=True)
class Test:
    """Whether a field of an item is, or is not, what `value` says."""

    field: str
    value: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Every:
    """Of a list, every item that stands all tests."""

    tests: tuple[Test, ...] = ()


Pick: TypeAlias = int | Every


@dataclass(frozen=True, slots=True)
class Path:
    """A path as it was written, and read.

    Attributes:
        ups: how many items it goes out before it begins.
        own: `@index`, `@key` or `@value`, in the place of steps.
    """

    text: str
    ups: int
    own: str
    steps: tuple[str | Pick, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where paths begin: an object, or an item of a list in it.

    Attributes:
        place: what paths from here are called from outside, `interfaces[net0].`; empty for the object.
    """

    item: Json
    place: str = ""
    outer: Scope | None = None
    index: int = 0
    key: str = ""


@lru_cache(maxsize=1 << 12)
def parse(text: str) -> Path:
    """Read a path.

    Raises:
        ValueError: the text is none.
    """
    rest, ups = text, 0
    while rest.startswith("^."):
        rest, ups = rest[2:], ups + 1
    if rest in _OWN:
        return Path(text, ups, rest, ())
    steps: list[str | Pick] = []
    for part in _parts(rest):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(
                f"'{text}' is no path; write names with dots between them, e.g. cluster.name or tags[*].slug"
            )
        steps.append(match[1])
        for inner in _PICK.findall(match[2]):
            pick, last = _pick(text, inner), steps[-1]
            if isinstance(pick, Every) and isinstance(last, Every):
                steps[-1] = Every(last.tests + pick.tests)
            else:
                steps.append(pick)
    return Path(text, ups, "", tuple(steps))


def _parts(text: str) -> list[str]:
    """At the dots, but for those in brackets."""
    return re.split(r"\.(?![^][]*\])", text)


def _pick(text: str, inner: str) -> Pick:
    if inner == "*":
        return Every()
    if inner.isdecimal():
        return int(inner)
    match = _TEST.fullmatch(inner)
    if match is None:
        raise ValueError(f"[{inner}] in '{text}' chooses nothing; write [*], [0] or [field=value]")
    return Every((Test(match[1], match[3], match[2] == "!="),))


def find(path: Path, scope: Scope) -> Json:
    """What is there: a choice as its value; None for nothing, also for an empty text or list."""
    for _ in range(path.ups):
        if scope.outer is None:
            return None
        scope = scope.outer
    if path.own == "@index":
        return scope.index
    if path.own == "@key":
        return scope.key or None
    found = _walk(scope.item, path.steps)
    return None if found is None else said(found)


def _walk(value: Json, steps: tuple[str | Pick, ...]) -> Json:
    for index, step in enumerate(steps):
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            return [*_each(value, step, steps[index + 1 :])]
        if value is None:
            return None
    return value


def _each(value: Json, pick: Every, rest: tuple[str | Pick, ...]) -> Iterator[Json]:
    for item in value if isinstance(value, list) else []:
        if any(_is(item, test) is test.negated for test in pick.tests):
            continue
        found = _walk(item, rest)
        if isinstance(found, list):
            yield from found
        elif found is not None:
            yield found


def _is(item: Json, test: Test) -> bool:
    return shown(said(item.get(test.field)) if isinstance(item, dict) else None) == test.value


def said(value: Json) -> Json:
    """What NetBox says with a value: a choice is `{value, label}` or bare, and what is blank says nothing."""
    if isinstance(value, dict) and value.keys() == _CHOICE:
        value = value["value"]
    if isinstance(value, list):
        value = [known for item in value if (known := said(item)) is not None]
    return None if value in ("", [], {}) else value


def shown(value: Json) -> str:
    """A value as a person writes it in a condition."""
    match value:
        case None:
            return _NONE
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
