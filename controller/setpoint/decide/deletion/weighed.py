"""What the rules of deletion judge by: one tombstone, all others, and how sure the declarations are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from setpoint.model.key import Key
from setpoint.model.tombstone import Tombstone


@dataclass(frozen=True)
class Declarations:
    """How far what is declared can be believed.

    Attributes:
        good: the last look at the source went well.
        sentence: how it went.
        problems: how many mistakes there are.
        notes: what the source left out and why.
    """

    good: bool
    sentence: str
    problems: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What of a group of deletions may go on.

    Attributes:
        let_go: tombstones that nothing holds back any more, as they are to be remembered from now on.
        held: those that wait for a person, as they are to be remembered.
        names: the first of those, for people.
        token: names exactly the held set; empty when there is none.
        counted: deletions of the last day, those that are held included.
        inventory: how many objects of the kind on the target are ours, those that are leaving included.
    """

    let_go: tuple[Tombstone, ...]
    held: Mapping[Key, Tombstone]
    names: str
    token: str
    counted: int
    inventory: int


@dataclass(frozen=True)
class Weighed:
    """One tombstone among all that there is.

    Attributes:
        verdict: of the group to which it belongs.
        declared: what is declared and in force.
        staying: of that, what needs it.
        leaving: what is to be deleted itself and needs it.
        installed: whether its kind is.
        approved: whether a hold's token was approved.
    """

    tombstone: Tombstone
    declarations: Declarations
    verdict: Verdict
    declared: Collection[Key]
    staying: tuple[Key, ...]
    leaving: tuple[Key, ...]
    installed: bool
    approved: Callable[[str], bool]

    @property
    def key(self) -> Key:
        """Whose it is."""
        return self.tombstone.key


def listed(keys: Iterable[Key], most: int = 5) -> str:
    """The first of the keys, and how many more there are."""
    names = [str(key) for key in sorted(keys)]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
