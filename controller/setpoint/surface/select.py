"""Which resources a person means, by key, kind or selector; and which of the waiting tokens. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.selector import SelectorError, Subject, select
from setpoint.model.selector_text import parse_selector
from setpoint.surface.bodies import ResyncBody

T = TypeVar("T", bound=Subject)
SHORTEST = 7
"""Characters to which a commit may be shortened."""


class UnknownError(SetpointError):
    """What a person named does not exist."""


def choose(resources: Mapping[Key, Resource], body: ResyncBody) -> list[Key]:
    """The keys that `body` means, ordered.

    Raises:
        UnknownError: it names something that is not declared, or nothing at all.
    """
    if body.keys is not None:
        return [find_key(resources, text, body.namespace) for text in dict.fromkeys(body.keys)]
    chosen = {
        key: r for key, r in resources.items() if not body.namespaced or key.namespace == body.namespace
    }
    if body.kind is not None:
        chosen = {key: r for key, r in chosen.items() if key.kind == body.kind}
    if body.selector is not None:
        meant = {resource.key for resource in find_meant(list(chosen.values()), body.selector)}
        chosen = {key: r for key, r in chosen.items() if key in meant}
    if not chosen:
        raise UnknownError(
            "no declared resource matches that", remedy="see setpoint status for what there is"
        )
    return sorted(chosen)


def find_meant(among: Collection[T], text: str) -> list[T]:
    """Those of `among` that the selector `text` means, none if it means none.

    Raises:
        UnknownError: it is no selector, or a word in it cannot be meant.
    """
    try:
        return select(parse_selector(text), among)
    except SelectorError as error:
        raise UnknownError(error.message, remedy=error.remedy) from None


def find_key(resources: Iterable[Key], text: str, namespace: str) -> Key:
    """The declared key that `text` names.

    Raises:
        UnknownError: there is none.
    """
    try:
        key = Key.parse(text, namespace=namespace)
    except ValueError as error:
        raise UnknownError(str(error)) from None
    known = {str(one): one for one in resources}
    if str(key) in known:
        return key
    close = get_close_matches(str(key), known, 1)
    remedy = f"did you mean {close[0]}?" if close else "see setpoint status for what there is"
    raise UnknownError(f"{key} is not declared", remedy=remedy)


def find_token(waiting: Mapping[str, str], text: str) -> str:
    """The waiting token that `text` is, or is the beginning of.

    Args:
        waiting: token -> what waits for it.
        text: as typed.

    Raises:
        UnknownError: nothing waits for it, or it may mean several.
    """
    found = [
        token for token in waiting if token == text or (len(text) >= SHORTEST and token.startswith(text))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownError(f"'{text}' may be {' or '.join(sorted(found))}", remedy="write more of it")
    if not waiting:
        raise UnknownError(f"nothing waits for approval of '{text}', nor of anything else")
    listed = "; ".join(f"{token} ({what})" for token, what in sorted(waiting.items()))
    raise UnknownError(f"nothing waits for approval of '{text}'", remedy=f"waiting are {listed}")
