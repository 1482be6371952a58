"""Finds the resource that a name stands for, among all that are declared, valid or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from setpoint.desired.drafts import Draft, Wish
from setpoint.desired.suggest import listed
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace


class Lookup:
    """Every declared key, by kind."""

    def __init__(self, declared: Iterable[Key]) -> None:
        self._keys = frozenset(declared)
        self._by_kind: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
        for key in sorted(self._keys):
            self._by_kind[key.namespace, key.kind].append(key)

    def find(self, wish: Wish, asker: Key) -> Key | DeclarationProblem:
        """The key that is meant, or what is wrong with the name; `asker` is what needs it."""
        namespace = asker.namespace
        meant = next((key for key in _readings(wish, namespace) if key in self._keys), None)
        if meant is not None:
            return meant
        known = [_relative(key, namespace) for key in sorted(self._keys - {asker}) if key.kind == wish.kind]
        remedy = suggestion(wish.text, known) if known else f"declare a {wish.kind} first"
        return DeclarationProblem(wish.origin, f"there is no {wish.kind} '{wish.text}'", remedy, wish.field)

    def only_target(self, draft: Draft, kind: str) -> Key | DeclarationProblem:
        """The one resource of `kind` in the draft's namespace, else in `default`, or why there is not one."""
        for namespace in dict.fromkeys((draft.key.namespace, DEFAULT_NAMESPACE)):
            match self._by_kind.get((namespace, kind), []):
                case [key]:
                    return key
                case [_, _, *_] as several:
                    what = f"there are {len(several)} of kind {kind}, and target does not say which"
                    remedy = (
                        f"add target, one of {listed(_relative(key, draft.key.namespace) for key in several)}"
                    )
                    return DeclarationProblem(draft.origin, what, remedy, "target")
                case _:
                    continue
        elsewhere = [_relative(key, draft.key.namespace) for key in sorted(self._keys) if key.kind == kind]
        what = f"a {draft.key.kind} is held by a {kind}, and none is declared"
        remedy = f"add target, one of {listed(elsewhere)}" if elsewhere else f"declare a {kind}"
        where = f" in its namespace '{draft.key.namespace}'" if elsewhere else ""
        return DeclarationProblem(draft.origin, what + where, remedy, "target")


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
