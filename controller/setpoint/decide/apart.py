"""What of two trees is not the very same: the quick way past thousands of entries that do not differ."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Sequence
from operator import is_

from setpoint.model.tree import Json, Pointer, Tree, join, parts

_Way = tuple[str, ...]


def apart(
    one: Tree, other: Tree, *, guarded: Iterable[Pointer] = (), whole: Callable[[Pointer], bool]
) -> tuple[Tree, Tree]:
    """Both trees without what is exactly the same in both, types included.

    Args:
        one: of which all stays that is not in the other.
        other: of which all stays that is not in the first one.
        guarded: patterns of what stays although it is the same, with all above and below it.
        whole: whether what is at a place is one value, and is not taken apart.
    """
    guards = [parts(pattern) for pattern in guarded]
    return _apart(one, other, guards, whole, "")


def _apart(
    one: Tree, other: Tree, guards: Sequence[_Way], whole: Callable[[Pointer], bool], below: Pointer
) -> tuple[Tree, Tree]:
    if () in guards:
        return one, other  # A pattern that ends here speaks of all that is below.
    if not guards and (_shares(one, other) or _same(one, other)):
        return {}, {}
    left = dict(one)
    right = dict(other)
    for key in _shared(one, other, guards):
        del left[key], right[key]
    for key in [key for key in left if key in right]:
        pointer = join(below, key)
        mine, yours = left[key], right[key]
        inside = [guard[1:] for guard in guards if guard and guard[0] in ("*", key)]
        if isinstance(mine, dict) and isinstance(yours, dict) and mine and yours and not whole(pointer):
            less, more = _apart(mine, yours, inside, whole, pointer)
            _keep(left, key, less)
            _keep(right, key, more)
    return left, right


def _keep(tree: Tree, key: str, rest: Tree) -> None:
    """The rest of what was at a key; nothing is left of what was the same."""
    if rest:
        tree[key] = rest
    else:
        del tree[key]


def _shared(one: Tree, other: Tree, guards: Sequence[_Way]) -> Sequence[str]:
    """The keys of what is the very same in both."""
    watched = {guard[0] for guard in guards}
    if "*" in watched:
        return ()
    alike = [key for key, value in one.items() if key not in watched and key in other and value == other[key]]
    doubtful = [key for key in alike if one[key] is not other[key]]
    if _same([one[key] for key in doubtful], [other[key] for key in doubtful]):
        return alike
    unlike = {key for key in doubtful if not _same(one[key], other[key])}
    return [key for key in alike if key not in unlike]


def _shares(one: Tree, other: Tree) -> bool:
    """Whether both have the very same values in the same order."""
    return len(one) == len(other) and all(map(is_, one.values(), other.values())) and [*one] == [*other]


def _same(one: Json, other: Json) -> bool:
    """Whether both are equal, types included; False also where the same stands in another order.

    `==` takes true for 1. Their bytes tell that, as fast as an interpreter can write them.
    """
    if one is other:
        return True
    if one != other:
        return False
    if type(one) is str and type(other) is str:
        return True
    try:
        return marshal.dumps(one, 2) == marshal.dumps(other, 2)
    except ValueError:  # of a type of its own, such as a member of an enumeration
        return False
