"""How a resource stands that an inventory has a part in: what is written back to where it was declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.key import Key
from setpoint.model.tree import Json


@dataclass(frozen=True)
class Standing:
    """One resource as an inventory may tell it.

    Attributes:
        path: of its sheet, without the name of the inventory before it.
        phase: in a word, e.g. `Ready`.
        sentence: what happened, for people.
        spec_hash: of the declaration that this is about.
        identity: the ids of its object, by their names.
        outputs: what it publishes.
        drift: where it differs from what is declared, as pointers.
    """

    key: Key
    path: str
    phase: str
    sentence: str
    spec_hash: str
    identity: Mapping[str, Json]
    outputs: Mapping[str, Json]
    drift: tuple[str, ...]
