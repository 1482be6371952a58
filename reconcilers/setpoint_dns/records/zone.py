"""All declared sets of a zone as rules look at them: each with its place, and found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from setpoint.model.tree import Pointer
from setpoint_dns.content import Id
from setpoint_dns.rdata import canonical_name
from setpoint_dns.records.spec import DEFAULT

ADDRESSES = ("A", "AAAA")
WHOLE = frozenset({"cuts", "dnames", "served", "between"})
"""What is said of a zone as a whole; a name is none of these, for it ends in a dot."""


@dataclass(frozen=True)
class Ground:
    """What declared records stand on.

    Attributes:
        origin: the zone's name.
        ttl: seconds, for sets without one of their own.
        view: of which these are the records.
        whole: nothing else can be in the zone, so what is not declared does not exist.
        private: who asks this view is inside, so private addresses are right.
        accept: rules whose errors are only shown, as for a zone that was taken over as it was; those that a server
            holds as well have no choice (`rules.FIXED`).
    """

    origin: str
    ttl: int = 3600
    view: str = DEFAULT
    whole: bool = True
    private: bool = False
    accept: frozenset[str] = frozenset()

    @cached_property
    def apex(self) -> str:
        """The zone's name, canonical."""
        return canonical_name("@", self.origin)


@dataclass(frozen=True, slots=True)
class Entry:
    """One declared set.

    Attributes:
        place: in the spec, without the value.
        written: the name as it was written.
        values: canonical, in the order written, repetitions included.
        texts: the same as they were written.
        places: of the values.
        pending: a value of it is not known yet.
        ptr: as written.
        part: the position of the part that it was declared in.
    """

    place: Pointer
    written: str
    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    texts: tuple[str, ...]
    places: tuple[Pointer, ...]
    pending: bool = False
    ptr: bool | None = None
    part: int = 0

    @property
    def id(self) -> Id:
        """Name and type."""
        return self.name, self.type


class Declarations:
    """The sets of a zone, for looking up what others say.

    Args:
        ground: on which they stand.
        entries: all of them.
        before: those of another time on the same ground, which saves work.

    Attributes:
        trail: what was looked up: names, and what is said of the zone as a whole (`WHOLE`). Whoever asks may put an empty
            one in its place, and then see what an answer rests on.
        news: what may be said otherwise than before, as a trail names it; None for everything.
    """

    def __init__(
        self, ground: Ground, entries: tuple[Entry, ...], before: Declarations | None = None
    ) -> None:
        self.ground = ground
        self.trail: set[str] = set()
        self.news: frozenset[str] | None = None
        self._entries = entries
        self._names: dict[str, dict[str, Entry]] = {}
        if before is None:
            self._note(entries)
        else:
            self._go_on_from(before)

    def _note(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._names.setdefault(entry.name, {}).setdefault(entry.type, entry)

    def _go_on_from(self, before: Declarations) -> None:
        """Work out anew only what comes of sets that came, went or are other ones."""
        then, now = {*map(id, before._entries)}, {*map(id, self._entries)}
        other = [one for one in self._entries if id(one) not in then]
        other += [one for one in before._entries if id(one) not in now]
        names, types = {one.name for one in other}, {one.type for one in other}
        self._names = {**before._names}
        for name in names:
            self._names.pop(name, None)
        self._note(one for one in self._entries if one.name in names)
        as_it_was = {
            "_served": "NS" not in types,
            "_cuts": "NS" not in types,
            "_dnames": "DNAME" not in types,
            "_between": before._names.keys() == self._names.keys(),
        }
        for whole, same in as_it_was.items():
            if same and whole in before.__dict__:
                self.__dict__[whole] = before.__dict__[whole]
        self.news = frozenset((*names, *(one for one in WHOLE if self._wholes(one) != before._wholes(one))))

    def at(self, name: str) -> Mapping[str, Entry]:
        """The sets of a name, by type."""
        return self._known(name) or {}

    def inside(self, name: str) -> bool:
        """Whether a name is the zone's or below it."""
        apex = self.ground.apex
        return apex in (name, ".") or name.endswith(f".{apex}")

    def is_apex(self, name: str) -> bool:
        """Whether it is the zone's own name."""
        return name == self.ground.apex

    def cut(self, name: str) -> str:
        """The delegation at or above a name, the uppermost; empty when there is none."""
        cuts = self._whole("cuts")
        found = [above for above in self._upwards(name) if above in cuts] if cuts else ()
        return found[-1] if found else ""

    def redirected(self, name: str) -> str:
        """The name above with a DNAME; empty when there is none."""
        dnames = self._whole("dnames")
        if not dnames or self.is_apex(name):
            return ""
        found = [one for one in (*self._upwards(name)[1:], self.ground.apex) if one in dnames]
        return found[0] if found else ""

    def answers(self, name: str) -> Mapping[str, Entry]:
        """What a question for a name finds: its own sets, or those of the wildcard that covers it."""
        own = self._known(name)
        if own is not None or not self.inside(name) or name in self._whole("between"):
            return own or {}
        for above in (*self._upwards(name)[1:], self.ground.apex):
            star = self._known(f"*.{above}")
            if star is not None:
                return star
            if self._known(above) is not None or above in self._whole("between"):
                break
        return {}

    def exists(self, name: str) -> bool:
        """Whether a name is there, be it only because others are below it."""
        return self._known(name) is not None or name in self._whole("between") or bool(self.answers(name))

    @property
    def served(self) -> frozenset[str]:
        """The name servers of every delegation."""
        return self._whole("served")

    def unknowable(self, name: str) -> bool:
        """Whether others answer for a name: it is outside, delegated, or redirected by a DNAME."""
        return not self.inside(name) or bool(self.cut(name)) or bool(self.redirected(name))

    def says(self, what: str) -> object:
        """What is said of an item of a trail; it is equal where nothing changed."""
        return self._wholes(what) if what in WHOLE else self._names.get(what)

    def _known(self, name: str) -> Mapping[str, Entry] | None:
        self.trail.add(name)
        return self._names.get(name)

    def _whole(self, what: str) -> frozenset[str]:
        self.trail.add(what)
        return self._wholes(what)

    def _wholes(self, what: str) -> frozenset[str]:
        match what:
            case "cuts":
                return self._cuts
            case "dnames":
                return self._dnames
            case "served":
                return self._served
            case _:
                return self._between

    def _of(self, rtype: str) -> Iterator[Entry]:
        return (entry for entry in self._entries if entry.type == rtype)

    @cached_property
    def _served(self) -> frozenset[str]:
        return frozenset(value for entry in self._of("NS") for value in entry.values)

    @cached_property
    def _cuts(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self._of("NS")) - {self.ground.apex}

    @cached_property
    def _dnames(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self._of("DNAME"))

    def _upwards(self, name: str) -> tuple[str, ...]:
        """The name and those above it, the zone's own left out."""
        found: list[str] = []
        while name and self.inside(name) and not self.is_apex(name):
            found.append(name)
            name = name.partition(".")[2]
        return tuple(found)

    @cached_property
    def _between(self) -> frozenset[str]:
        """Names that exist only because others are below them."""
        near = self.ground.apex.rstrip(".").count(".") + (2 if self.ground.apex != "." else 1)
        deep = (name for name in self._names if name.count(".") > near)
        return frozenset(above for name in deep for above in self._upwards(name)[1:]) - self._names.keys()
