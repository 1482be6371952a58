"""Which resources are meant: labels, names, kinds and globs, joined by and, or, not; `selector_text` reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol, TypeAlias, TypeVar, assert_never

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key

_OFF: Final = "false"
"""The value of a label that takes it back where a layer gave it."""


class SelectorError(SetpointError):
    """It is no selector, or what it names is not there."""


class Subject(Protocol):
    """What can be meant."""

    @property
    def key(self) -> Key:
        """Its key."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        ...

    @property
    def target(self) -> Key | None:
        """What holds it."""
        ...


class Field(StrEnum):
    """What a term looks at."""

    WORD = ""
    """Its name, or a label of that name; a word that may mean both, or that nothing has, is refused."""
    NAME = "name"
    """Its name."""
    KIND = "kind"
    """Its kind; a word that begins with a capital letter means that, too."""
    KEY = "key"
    """KIND/NAME in any namespace, or NAMESPACE/KIND/NAME; a word with a slash means that, too."""
    NAMESPACE = "namespace"
    """Its namespace."""
    TARGET = "target"
    """The target that holds it, as KIND/NAME."""
    LABEL = "label"
    """A label of that name, whatever its value, but for `false`."""
    VALUE = "="
    """LABEL=VALUE: a label with that value; LABEL!=VALUE: not that."""


@dataclass(frozen=True)
class Term:
    """One condition: `pattern` may hold `*` and `?`; `label` only with Field.VALUE."""

    field: Field
    pattern: str
    label: str = ""


@dataclass(frozen=True)
class Not:
    """What the part does not mean."""

    part: Selector


@dataclass(frozen=True)
class AllOf:
    """What all of the parts mean."""

    parts: tuple[Selector, ...]


@dataclass(frozen=True)
class AnyOf:
    """What any of the parts means."""

    parts: tuple[Selector, ...]


Selector: TypeAlias = Term | Not | AllOf | AnyOf
T = TypeVar("T", bound=Subject)


def select(selector: Selector, among: Collection[T]) -> list[T]:
    """Those of `among` that are meant, in their order.

    Raises:
        SelectorError: a bare word in it means nothing, or both a name and a label.
    """
    for word in _words(selector):
        _check(word, among)
    return [one for one in among if matches(selector, one)]


def matches(selector: Selector, one: Subject) -> bool:
    """Whether it is meant; a bare word means a name as well as a label here."""
    match selector:
        case Term():
            return _holds(selector, one)
        case Not(part):
            return not matches(part, one)
        case AllOf(parts):
            return all(matches(part, one) for part in parts)
        case AnyOf(parts):
            return any(matches(part, one) for part in parts)
        case _:
            assert_never(selector)


def _holds(term: Term, one: Subject) -> bool:
    return any(map(_glob(term.pattern), _texts(term, one)))


def _texts(term: Term, one: Subject) -> Collection[str]:
    """What the pattern of a term is held against."""
    key = one.key
    match term.field:
        case Field.WORD:
            return key.name, *_flags(one)
        case Field.NAME:
            return (key.name,)
        case Field.KIND:
            return (key.kind,)
        case Field.KEY:
            return f"{key.kind}/{key.name}", f"{key.namespace}/{key.kind}/{key.name}"
        case _:
            return _surroundings(term, one)


def _surroundings(term: Term, one: Subject) -> Collection[str]:
    match term.field:
        case Field.NAMESPACE:
            return (one.key.namespace,)
        case Field.TARGET:
            return () if one.target is None else (str(one.target),)
        case Field.LABEL:
            return _flags(one)
        case _:
            return [value for label, value in one.labels.items() if label == term.label]


def _flags(one: Subject) -> Collection[str]:
    """The names of the labels that it has."""
    return [label for label, value in one.labels.items() if value != _OFF]


@lru_cache(maxsize=256)
def _glob(pattern: str) -> Callable[[str], bool]:
    """Whether a text is as the pattern says; only `*` and `?` are special."""
    signs = {"*": ".*", "?": "."}
    fits = re.compile("".join(signs.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL).fullmatch
    return lambda text: fits(text) is not None


def _words(selector: Selector) -> Iterator[str]:
    match selector:
        case Term(field=Field.WORD, pattern=word):
            yield word
        case Term():
            return
        case Not(part):
            yield from _words(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _words(part)
        case _:
            assert_never(selector)


def _check(word: str, among: Collection[Subject]) -> None:
    """A word that says nothing would mean everything after a `not`, and one that says two things too much."""
    fits = _glob(word)
    named = [one.key for one in among if fits(one.key.name)]
    labelled = [one.key for one in among if any(map(fits, _flags(one)))]
    if named and labelled and named != labelled:
        raise SelectorError(
            f"'{word}' is the name of {named[0]} and a label of {labelled[0]}",
            remedy=f"write name:{word} or label:{word}",
        )
    if not named and not labelled:
        known = sorted({*(one.key.name for one in among), *(label for one in among for label in one.labels)})
        close = get_close_matches(word, known, 1)
        otherwise = f"did you mean {close[0]}? " if close else ""
        raise SelectorError(
            f"nothing is called '{word}' or has a label of that name",
            remedy=f"{otherwise}Where there may be none, write name:{word} or label:{word}",
        )
