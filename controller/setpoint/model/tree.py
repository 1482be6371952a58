"""Trees of plain data and pointers into them (RFC 6901), as declared, observed and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Json: TypeAlias = "Scalar | list[Json] | dict[str, Json]"
Tree: TypeAlias = dict[str, "Json"]
Pointer: TypeAlias = str
"""`/disks/scsi0/size`; `~1` stands for a slash inside a key, `~0` for a tilde. The root is the empty string."""


def join(pointer: Pointer, key: str) -> Pointer:
    """The pointer to `key` below `pointer`."""
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


@lru_cache(maxsize=1 << 14)
def parts(pointer: Pointer) -> tuple[str, ...]:
    """The keys that a pointer names, outermost first."""
    if not pointer:
        return ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/"))


def lookup(tree: Json, pointer: Pointer) -> Json:
    """The value at `pointer`.

    Raises:
        KeyError: nothing is there.
    """
    value = tree
    for part in parts(pointer):
        match value:
            case dict() if part in value:
                value = value[part]
            case list() if part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            case _:
                raise KeyError(pointer)
    return value


def put(tree: Tree, pointer: Pointer, value: Json) -> None:
    """Put `value` at `pointer`, with the mappings above it that are not there yet."""
    *above, last = parts(pointer)
    for part in above:
        child = tree.setdefault(part, {})
        assert isinstance(child, dict)  # noqa: S101  # pointers come from a tree of the same shape
        tree = child
    tree[last] = value


def leaves(tree: Json, pointer: Pointer = "") -> Iterator[tuple[Pointer, Json]]:
    """Every leaf with its pointer, depth first; an empty mapping and any list count as a leaf."""
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from leaves(value, join(pointer, key))
    else:
        yield pointer, tree


def covers(pattern: Pointer, pointer: Pointer) -> bool:
    """Whether `pattern` names `pointer` or something above it; `*` stands for any one key."""
    wanted, actual = parts(pattern), parts(pointer)
    return len(wanted) <= len(actual) and all(w in ("*", a) for w, a in zip(wanted, actual, strict=False))
