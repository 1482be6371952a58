"""The name of a declared thing: `namespace/Kind/name`. The namespace `default` is not shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import attrgetter

DEFAULT_NAMESPACE = "default"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, order=True, slots=True)
class Key:
    """`prod/Kind/name`; a name may hold slashes, a kind begins with a capital letter."""

    namespace: str
    kind: str
    name: str
    # Keys are looked up far more often than made, and to hash three texts anew each time is most of a look-up.
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.namespace, self.kind, self.name)))

    def __hash__(self) -> int:
        """The hash of the three texts."""
        return self._hash

    def __reduce__(self) -> tuple[type[Key], tuple[str, str, str]]:
        """What a copy is made from; another process hashes texts differently."""
        return Key, (self.namespace, self.kind, self.name)

    @classmethod
    def parse(cls, text: str, *, namespace: str = DEFAULT_NAMESPACE) -> Key:
        """Read `Kind/name` or `namespace/Kind/name`.

        Raises:
            ValueError: the text is neither.
        """
        first, _, rest = text.partition("/")
        if _KIND.fullmatch(first) and rest:
            return cls(namespace, first, rest)
        kind, _, name = rest.partition("/")
        if _NAMESPACE.fullmatch(first) and _KIND.fullmatch(kind) and name:
            return cls(first, kind, name)
        raise ValueError(f"'{text}' is no key: write Kind/name or namespace/Kind/name")

    def __str__(self) -> str:
        if self.namespace == DEFAULT_NAMESPACE:
            return f"{self.kind}/{self.name}"
        return f"{self.namespace}/{self.kind}/{self.name}"


in_order = attrgetter("namespace", "kind", "name")
"""Sorts keys as `<` does, several times faster: `sorted(keys, key=in_order)`."""


def is_namespace(text: str) -> bool:
    """Whether `text` may be a namespace: a DNS label in lower case."""
    return _NAMESPACE.fullmatch(text) is not None
