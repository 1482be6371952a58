"""One sheet below a manifest of the same key: what it gives. What of that the manifest takes, `taking` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from setpoint.desired.envelope import Envelope
from setpoint.desired.layers import Layer, without_empty
from setpoint.desired.node import Fields, as_fields
from setpoint.desired.reader import read
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key

_INHERITED = ("labels", "formerly")
"""What of who it is goes on to the manifest: everything else is in both, or they would not be of one key."""


@dataclass(frozen=True)
class Sheet:
    """What a sheet gives to the manifest of its key; no layer where that cannot be told."""

    path: str
    content: bytes
    layer: Layer | None
    problems: tuple[DeclarationProblem, ...] = ()


Sheets: TypeAlias = Callable[[Key], Sequence[Sheet]]
"""The sheets that declare a key."""


def no_sheets(_: Key) -> Sequence[Sheet]:
    """What is below a manifest where no inventory is."""
    return ()


@lru_cache(maxsize=16)
def read_sheet(path: str, content: bytes) -> Sheet:
    """What a sheet of one document gives; its spec is judged in what it is a part of.

    It is asked for several times while one manifest is read, and hardly ever again.
    """
    parsed = read(path, content)
    if parsed.problems or len(parsed.documents) != 1:
        return Sheet(path, content, None, parsed.problems)
    root = without_empty(as_fields(parsed.documents[0].root))
    nothing = Fields({}, root.origin)
    envelope, problems = check(Envelope, root.replacing(policy=nothing, spec=nothing))
    if envelope is None:
        return Sheet(path, content, None, problems)
    return Sheet(path, content, Layer.of(_inherited(root), envelope.kind, None), problems)


def _inherited(root: Fields) -> Fields:
    metadata = as_fields(root.fields["metadata"])
    kept = {name: metadata.fields[name] for name in _INHERITED if name in metadata.fields}
    return root.replacing(metadata=Fields(kept, metadata.origin))
