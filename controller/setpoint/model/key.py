"""The name of a declared thing: `namespace/Kind/name`. The namespace `default` is not shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_NAMESPACE = "default"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, order=True)
class Key:
    """`prod/Kind/name`; a name may hold slashes, a kind begins with a capital letter."""

    namespace: str
    kind: str
    name: str

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


def is_namespace(text: str) -> bool:
    """Whether `text` may be a namespace: a DNS label in lower case."""
    return _NAMESPACE.fullmatch(text) is not None
