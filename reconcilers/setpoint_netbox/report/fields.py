"""Which custom fields are to be written, and which are right already. Pure; a write throws away what people have open in a form."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from setpoint.model.printable import brief
from setpoint.model.standing import Stand, Standing
from setpoint_netbox.report.settings import FieldNames
from setpoint_netbox.watch.types import field_of

Values: TypeAlias = Mapping[str, str | int | None]
"""By the name of the custom field."""

_HASH: Final = 16
_LONGEST: Final = 200
_NUMBERS: Final = re.compile(r"\d+(?:[.:]\d+)*")
_OVER: Final = frozenset({Stand.DELETED, Stand.RELEASED})
"""What was seen of the object does not count any more."""


@dataclass(frozen=True)
class Patch:
    """What is to be done to one object.

    Attributes:
        changes: the custom fields that are not right, with what they are to be.
        missing: those that the object does not have.
    """

    changes: Values
    missing: frozenset[str]


def wanted(standing: Standing, names: FieldNames) -> Values:
    """What the custom fields are to be. What is not known is left as it is, so it is not among them."""
    told = dict(_told(standing))
    return {name: told[what] for what, name in names.named().items() if what in told}


def decide(
    target: Values, held: Mapping[str, Any], message: str | None, texts: Collection[str] = ()
) -> Patch:
    """What differs between `target` and what the object holds.

    Args:
        target: what is to be.
        held: all custom fields of the object.
        message: the one for a sentence: numbers alone that moved in it are no reason to write, but go along with others.
        texts: the fields that take nothing but text.
    """
    fitted = {name: _fitted(value, held.get(name), name in texts) for name, value in target.items()}
    changes = {name: value for name, value in fitted.items() if name in held and value != _plain(held[name])}
    moved = (
        message is not None and [*changes] == [message] and _moved(changes[message], _plain(held[message]))
    )
    return Patch({} if moved else changes, frozenset(target.keys() - held.keys()))


def held_phase(held: Mapping[str, Any], names: FieldNames) -> str | None:
    """The phase that an object shows; None when it shows none."""
    return cast("str | None", _plain(held.get(names.phase))) if names.phase is not None else None


def _told(standing: Standing) -> Iterator[tuple[str, str | int | None]]:
    yield "phase", str(standing.phase)
    yield "message", standing.sentence
    yield "observed_hash", standing.spec_hash[:_HASH] or None
    yield "drift", brief(", ".join(standing.drift), _LONGEST) or None
    seen = dict(_seen(standing))
    for what in ("vmid", "node", "addresses"):
        if standing.phase in _OVER:
            yield what, None
        elif seen.get(what):
            yield what, seen[what]


def _seen(standing: Standing) -> Iterator[tuple[str, str | int | None]]:
    outputs, identity = standing.outputs, standing.identity
    number = outputs.get("vmid", identity.get("vmid"))
    yield "vmid", number if isinstance(number, int) else None
    node = outputs.get("node")
    yield "node", node if isinstance(node, str) else None
    yield "addresses", brief(", ".join(_addresses(outputs)), _LONGEST)


def _addresses(outputs: Mapping[str, Any]) -> Iterator[str]:
    """All that are told, else the one by which it is reached."""
    all_of_them = outputs.get("addresses")
    told = [*(field_of(all_of_them, "v4") or ()), *(field_of(all_of_them, "v6") or ())]
    one = outputs.get("address")
    yield from map(str, told or ([one] if isinstance(one, str) else []))


def _plain(value: Any) -> Any:
    """A selection is `{value, label}` from NetBox 4.7 on; no text and an empty one are the same."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get("value")
    return None if value == "" else value


def _fitted(value: str | int | None, held: Any, text: bool) -> str | int | None:  # noqa: FBT001  # a property of the field
    """A number as text where the field holds text; no text is nothing."""
    if value == "":
        return None
    return str(value) if isinstance(value, int) and (text or isinstance(held, str)) else value


def _moved(value: str | int | None, held: Any) -> bool:
    """Whether both are sentences of the same words."""
    return _NUMBERS.sub("0", str(value)) == _NUMBERS.sub("0", str(held))
