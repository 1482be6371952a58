"""Whether something new may be something that left under another name: then neither is believed without a person."""

from __future__ import annotations

import hashlib
import json

from setpoint.model.identity import Identity
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Tombstone


def looks_alike(gone: Resource, gone_id: Identity | None, fresh: Resource, fresh_id: Identity | None) -> bool:
    """Whether `fresh` may be `gone` under another name: as declared it is the same, or it names the same object."""
    if gone.key.kind != fresh.key.kind or gone.target != fresh.target:
        return False
    return gone.spec == fresh.spec or (gone_id is not None and gone_id == fresh_id)


def rename_token(tombstone: Tombstone) -> str:
    """Names exactly this: that what left and what came since are different things."""
    names = [str(tombstone.key), tombstone.version, *map(str, sorted(tombstone.alike))]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]
