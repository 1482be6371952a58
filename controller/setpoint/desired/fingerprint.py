"""The specHash: what a resource should be, as one short text that changes when any of it does."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, TypeAlias

from setpoint.model.key import Key
from setpoint.model.policy import Policy
from setpoint.model.tree import Json, Tree

LARGE: Final = 200
"""Members from which the text of each of a mapping is kept for the next time."""
_LEVELS: Final = 3
"""How deep large mappings are looked for: below a field of the spec."""
_SAMPLE: Final = 8
_Texts: TypeAlias = Mapping[str, tuple[Json, str]]
"""By name: a value, and the canonical text of both."""
_NOTHING: _Texts = {}
_LAST: deque[_Texts] = deque(maxlen=8)


def spec_hash(spec: Tree, policy: Policy, target: Key | None, references: Iterable[Key]) -> str:
    """SHA-256 over canonical JSON: sorted names, no blanks. Places, labels and versions do not enter."""
    names: list[Json] = [*sorted(str(key) for key in references)]
    content: Tree = {
        "policy": _plain(policy.model_dump_json(by_alias=True, exclude_defaults=True)),
        "references": names,
        "spec": spec,
        "target": str(target) if target else None,
    }
    return hashlib.sha256(canonical(content, _LEVELS).encode()).hexdigest()


def canonical(value: Json, levels: int) -> str:
    """The canonical JSON of a value; large mappings up to so many levels below are put together of texts known before."""
    if not (levels and isinstance(value, dict)):
        return _text(value)
    if len(value) >= LARGE:
        texts = _texts(value)
        return "{" + ",".join(texts[name][1] for name in sorted(texts)) + "}"
    return (
        "{" + ",".join(f"{_text(name)}:{canonical(value[name], levels - 1)}" for name in sorted(value)) + "}"
    )


def _texts(mapping: Tree) -> _Texts:
    """The text of each member; that of the very same value under the same name is not made again."""
    sample = [*islice(mapping.items(), _SAMPLE)]
    alike = (
        texts
        for texts in reversed([*_LAST])
        if any(name in texts and texts[name][0] is value for name, value in sample)
    )
    known, found = next(alike, _NOTHING), dict[str, tuple[Json, str]]()
    for name, value in mapping.items():
        before = known.get(name)
        if before is None or before[0] is not value:
            before = value, f"{_text(name)}:{_text(value)}"
        found[name] = before
    _LAST.append(found)
    return found


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=1 << 10)
def _plain(policy: str) -> Json:
    """Thousands of resources share a few policies."""
    found: Json = json.loads(policy)
    return found
