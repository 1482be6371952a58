"""Record sets with how they are compared, which is worked out once for sets that are looked at again and again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

from setpoint.model.tree import Json, Tree
from setpoint_dns.content import Id, RRset
from setpoint_dns.kinds.dns_zone.names import member


class Sets(dict[Id, RRset]):
    """Record sets by name and type. Whoever has one does not change it any more."""

    before: Sets | None = None
    """Others, most of which are the very same; they save work."""

    def beside(self, before: Sets | None) -> Sets:
        """The same sets, which know others that are much the same."""
        if before is not None and "members" in before.__dict__:
            self.before = before
        return self

    @cached_property
    def members(self) -> Tree:
        """Their comparable tree, in which equal sets are the very same value."""
        before, self.before = self.before, None  # Or none would ever go.
        if before is None or [*before] != [*self]:
            return {member(which): _content(one) for which, one in self.items()}
        other = {member(which): _content(one) for which, one in self.items() if before[which] is not one}
        return {**before.members, **other}


def members(sets: Mapping[Id, RRset]) -> Tree:
    """The comparable tree of sets."""
    return (sets if isinstance(sets, Sets) else Sets(sets)).members


@lru_cache(maxsize=1 << 17)
def _content(one: RRset) -> Json:
    """A set that is not served has other leaves than one that is, so that each lacks what the other has."""
    return {"ttl": one.ttl, "disabled" if one.disabled else "values": list(one.values)}
