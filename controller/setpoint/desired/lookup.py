"""Finds the resource that a name stands for, among all that are declared, valid or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from setpoint.desired.drafts import Draft, Wish
from setpoint.desired.suggest import listed
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import DEFAULT_NAMESPACE, Key, in_order, is_namespace

_GUESSES = 100
"""Names that are guessed in one set; to guess takes a look at every name, and one mistake can be in thousands."""


class Lookup:
    """Every declared key, by kind."""

    def __init__(self, declared: Collection[Key]) -> None:
        self._keys = declared
        self._kinds: dict[str, list[Key]] = {}
        self._guesses = 0

    def _of(self, kind: str) -> list[Key]:
        """All keys of a kind in order; most versions ask for none or a few kinds."""
        if kind not in self._kinds:
            self._kinds[kind] = sorted((key for key in self._keys if key.kind == kind), key=in_order)
        return self._kinds[kind]

    def find(self, wish: Wish, asker: Key) -> Key | DeclarationProblem:
        """The key that is meant, or what is wrong with the name; `asker` is what needs it."""
        for key in readings(wish.kind, wish.text, asker.namespace):
            if key in self._keys:
                return key
        what = f"there is no {wish.kind} '{wish.text}'{f' for {asker}' if wish.copied else ''}"
        return DeclarationProblem(wish.origin, what, self._guess(wish, asker), wish.field)

    def _guess(self, wish: Wish, asker: Key) -> str:
        self._guesses += 1
        if self._guesses > _GUESSES:
            return "correct the name"
        known = [_relative(key, asker.namespace) for key in self._of(wish.kind) if key != asker]
        return suggestion(wish.text, known) if known else f"declare a {wish.kind} first"

    def only_target(self, draft: Draft, kind: str) -> Key | DeclarationProblem:
        """The one resource of `kind` in the draft's namespace, else in `default`, or why there is not one."""
        for namespace in dict.fromkeys((draft.key.namespace, DEFAULT_NAMESPACE)):
            match [key for key in self._of(kind) if key.namespace == namespace]:
                case [key]:
                    return key
                case [_, _, *_] as several:
                    what = f"there are {len(several)} of kind {kind}, and target does not say which"
                    return _untold(draft, what, several, kind)
                case _:
                    continue
        where = f" in its namespace '{draft.key.namespace}'" if self._of(kind) else ""
        what = f"a {draft.key.kind} is held by a {kind}, and none is declared{where}"
        return _untold(draft, what, self._of(kind), kind)


def names_of(key: Key) -> tuple[tuple[str, str], tuple[str, str]]:
    """The kind and text of every wish that may mean `key`."""
    return (key.kind, key.name), (key.kind, f"{key.namespace}/{key.name}")


def _untold(draft: Draft, what: str, candidates: Iterable[Key], kind: str) -> DeclarationProblem:
    names = listed(_relative(key, draft.key.namespace) for key in candidates)
    remedy = f"add target, one of {names}" if names else f"declare a {kind}"
    return DeclarationProblem(draft.origin, what, remedy, "target")


@lru_cache(maxsize=1 << 12)
def readings(kind: str, text: str, namespace: str) -> tuple[Key, ...]:
    """What a name may mean, most likely first; a name can hold slashes itself."""
    found = [Key(namespace, kind, text), Key(DEFAULT_NAMESPACE, kind, text)]
    prefix, _, rest = text.partition("/")
    if rest and is_namespace(prefix):
        found.append(Key(prefix, kind, rest))
    return tuple(found)


def _relative(key: Key, namespace: str) -> str:
    """The shortest name by which `key` is found from `namespace`."""
    return key.name if key.namespace in (namespace, DEFAULT_NAMESPACE) else f"{key.namespace}/{key.name}"
