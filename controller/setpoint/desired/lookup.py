"""Finds the resource that a name stands for, among all that are declared, valid or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from setpoint.desired.drafts import Draft, Wish
from setpoint.desired.suggest import listed
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace

_GUESSES = 100
"""Names that are guessed in one set; to guess takes a look at every name, and one mistake can be in thousands."""


class Lookup:
    """Every declared key, by kind."""

    def __init__(self, declared: Iterable[Key]) -> None:
        self._keys = frozenset(declared)
        self._kinds: defaultdict[str, list[Key]] = defaultdict(list)
        self._guesses = 0
        for key in sorted(self._keys):
            self._kinds[key.kind].append(key)

    def find(self, wish: Wish, asker: Key) -> Key | DeclarationProblem:
        """The key that is meant, or what is wrong with the name; `asker` is what needs it."""
        meant = next((key for key in _readings(wish, asker.namespace) if key in self._keys), None)
        if meant is not None:
            return meant
        what = f"there is no {wish.kind} '{wish.text}'"
        return DeclarationProblem(wish.origin, what, self._guess(wish, asker), wish.field)

    def _guess(self, wish: Wish, asker: Key) -> str:
        self._guesses += 1
        if self._guesses > _GUESSES:
            return "correct the name"
        known = [_relative(key, asker.namespace) for key in self._kinds[wish.kind] if key != asker]
        return suggestion(wish.text, known) if known else f"declare a {wish.kind} first"

    def only_target(self, draft: Draft, kind: str) -> Key | DeclarationProblem:
        """The one resource of `kind` in the draft's namespace, else in `default`, or why there is not one."""
        for namespace in dict.fromkeys((draft.key.namespace, DEFAULT_NAMESPACE)):
            match [key for key in self._kinds[kind] if key.namespace == namespace]:
                case [key]:
                    return key
                case [_, _, *_] as several:
                    what = f"there are {len(several)} of kind {kind}, and target does not say which"
                    return _untold(draft, what, several, kind)
                case _:
                    continue
        where = f" in its namespace '{draft.key.namespace}'" if self._kinds[kind] else ""
        what = f"a {draft.key.kind} is held by a {kind}, and none is declared{where}"
        return _untold(draft, what, self._kinds[kind], kind)


def _untold(draft: Draft, what: str, candidates: Iterable[Key], kind: str) -> DeclarationProblem:
    names = listed(_relative(key, draft.key.namespace) for key in candidates)
    remedy = f"add target, one of {names}" if names else f"declare a {kind}"
    return DeclarationProblem(draft.origin, what, remedy, "target")


def _readings(wish: Wish, namespace: str) -> Iterator[Key]:
    """What a name may mean, most likely first; a name can hold slashes itself."""
    yield Key(namespace, wish.kind, wish.text)
    yield Key(DEFAULT_NAMESPACE, wish.kind, wish.text)
    prefix, _, rest = wish.text.partition("/")
    if rest and is_namespace(prefix):
        yield Key(prefix, wish.kind, rest)


def _relative(key: Key, namespace: str) -> str:
    """The shortest name by which `key` is found from `namespace`."""
    return key.name if key.namespace in (namespace, DEFAULT_NAMESPACE) else f"{key.namespace}/{key.name}"
