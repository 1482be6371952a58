"""The specHash: what a resource should be, as one short text that changes when any of it does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache

from setpoint.model.key import Key
from setpoint.model.policy import Policy
from setpoint.model.tree import Json, Tree


def spec_hash(spec: Tree, policy: Policy, target: Key | None, references: Iterable[Key]) -> str:
    """SHA-256 over canonical JSON: sorted names, no blanks. Places, labels and versions do not enter."""
    content = {
        "spec": spec,
        "policy": _plain(policy.model_dump_json(by_alias=True, exclude_defaults=True)),
        "target": str(target) if target else None,
        "references": sorted(str(key) for key in references),
    }
    canonical = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=1 << 10)
def _plain(policy: str) -> Json:
    """Thousands of resources share a few policies."""
    found: Json = json.loads(policy)
    return found
