"""Property strings such as `virtio=AA:BB:..,bridge=vmbr0`: taken apart as the real parser does, before any check."""

from __future__ import annotations

import re
from collections.abc import Mapping

from setpoint_lab.proxmox.schema import Shape

_PAIR = re.compile(r"^([^=]+)=(.+)$", re.DOTALL)
_TRUE = frozenset({"1", "on", "yes", "true"})
_FALSE = frozenset({"0", "off", "no", "false"})


class PropertyError(ValueError):
    """The string is no list of properties; the text ends with a line end, as in the answers."""


def parse_boolean(text: str) -> str | None:
    """`1` or `0` for the words a property string takes as a boolean, None for any other."""
    word = text.lower()
    if word in _TRUE:
        return "1"
    return "0" if word in _FALSE else None


def split_properties(shapes: Mapping[str, Shape], text: str) -> dict[str, str]:
    """The properties of a string by their own names: aliases resolved, booleans as 1 and 0, in the order given.

    Raises:
        PropertyError: duplicate keys, a value without key where no default key exists, a key without value.
    """
    found: dict[str, str] = {}
    bare = False
    for part in text.split(","):
        if not part.strip():
            continue
        pair = _PAIR.match(part)
        if pair is not None:
            _put_pair(shapes, found, pair[1], pair[2])
        elif "=" in part:
            raise PropertyError("missing key in comma-separated list property\n")
        else:
            _put_bare(shapes, found, part, again=bare)
            bare = True
    return found


def _put_pair(shapes: Mapping[str, Shape], found: dict[str, str], key: str, value: str) -> None:
    if key in found:
        raise PropertyError(f"duplicate key in comma-separated list property: {key}\n")
    shape = shapes.get(key, {})
    alias = shape.get("alias")
    if alias is not None:
        named = shape.get("keyAlias")
        if named is not None:
            if named in found:
                raise PropertyError(f"key alias '{named}' is already defined\n")
            found[named] = key
        key = alias
        shape = shapes.get(key, {})
    found[key] = _plain(shape, value)


def _put_bare(shapes: Mapping[str, Shape], found: dict[str, str], value: str, *, again: bool) -> None:
    key = next((name for name, shape in shapes.items() if shape.get("default_key")), None)
    if key is None:
        raise PropertyError("value without key, but schema does not define a default key\n")
    if again or key in found:
        raise PropertyError(f"duplicate key in comma-separated list property: {key}\n")
    found[key] = _plain(shapes[key], value)


def _plain(shape: Shape, value: str) -> str:
    """A boolean as 1 or 0, any other value as it is."""
    return (parse_boolean(value) or value) if shape.get("type") == "boolean" else value
