"""What was handed out of spaces: every number belongs to one field of one key until a while after that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from setpoint.model.handed import Grant, Space
from setpoint.model.key import Key
from setpoint.model.tree import Pointer
from setpoint.store.cache import Cache
from setpoint.store.codec import key_from, key_text
from setpoint.store.database import Database

GRACE: Final = 86_400.0
"""Seconds for which a number stays with what is gone, unless there is no other: it may come back, and caches know it."""


class Grants:
    """Grants, by their space and number."""

    _db: Database
    _grants: Cache[tuple[Key, int], Grant]

    def grant(self, wish: Grant, space: Space, avoid: Collection[int], *, seen: int | None) -> Grant | None:
        """The number of a space that belongs to the field of the wish; None when there is none left.

        Its own if it has one; else the one that it is `seen` with, or whose that is; else the lowest that is free and not
        to be avoided; else the one that was left longest ago.
        """
        with self._db.transaction():
            rows = self._remembered(wish)
            own = _own(rows, wish.key, wish.field)
            if own is not None:
                return self._put(replace(own, left_at=0.0)) if own.left_at else own
            number = _choice(rows, space, avoid) if seen is None else seen
            if number is None:
                return None
            other = next((one for one in rows if one.number == number and not one.left_at), None)
            return other or self._put(replace(wish, number=number))

    def granted(self, space: Key, key: Key, field: Pointer) -> Grant | None:
        """What a field has of a space, also what it has left."""
        rows = list(self._grants.rows.values())
        return _own((one for one in rows if one.space == space), key, field)

    def holder(self, space: Key, number: int) -> Grant | None:
        """To whom a number belongs now."""
        found = self._grants.get((space, number))
        return None if found is None or found.left_at else found

    def grants(self, space: Key) -> list[Grant]:
        """Everything that a space has handed out, by number; what was left is in it for a while."""
        found = [one for one in list(self._grants.rows.values()) if one.space == space]
        return sorted(found, key=lambda one: one.number)

    def grants_of(self, key: Key) -> list[Grant]:
        """What the fields of a key have now."""
        return [one for one in list(self._grants.rows.values()) if one.key == key and not one.left_at]

    def leave(self, key: Key, at: float, keep: Collection[tuple[Key, Pointer]] = ()) -> None:
        """Note that the fields of a key are gone, but for those to `keep`, each with the space that it takes from."""
        with self._db.transaction():
            self._leave(key, at, keep)

    def give_back(self, grant: Grant) -> None:
        """Forget what was never borne by anything."""
        place = (key_text(grant.space), str(grant.number))
        self._db.run("DELETE FROM handed WHERE space = ? AND number = ?", place)
        self._grants.drop((grant.space, grant.number))

    def _leave(self, key: Key, at: float, keep: Collection[tuple[Key, Pointer]] = ()) -> None:
        for one in self.grants_of(key):
            if (one.space, one.field) not in keep:
                self._put(replace(one, left_at=at))

    def _hand_over_grants(self, old: Key, new: Key) -> None:
        """Let `new` have what the fields of `old` have, and what `old` has handed out."""
        rows = list(self._grants.rows.values())
        places = {(one.space, one.number) for one in rows}
        if self.grants_of(old):
            for one in self.grants_of(new):
                self.give_back(one)
        for one in rows:
            if one.key == old and not one.left_at:
                self._put(replace(one, key=new))
            elif one.space == old:
                self.give_back(one)
                if (new, one.number) not in places:
                    self._put(replace(one, space=new))

    def _remembered(self, wish: Grant) -> list[Grant]:
        """What the space of the wish has handed out; what was left too long ago is forgotten."""
        rows = self.grants(wish.space)
        old = [one for one in rows if one.left_at and one.left_at < wish.at - GRACE]
        for one in old:
            self.give_back(one)
        return [one for one in rows if one not in old]

    def _put(self, one: Grant) -> Grant:
        row = (key_text(one.space), str(one.number), key_text(one.key), one.field, one.at, one.left_at)
        self._db.run("INSERT OR REPLACE INTO handed VALUES (?, ?, ?, ?, ?, ?)", row)
        self._grants.put((one.space, one.number), one)
        return one

    def _load_grants(self) -> dict[tuple[Key, int], Grant]:
        rows = self._db.rows("SELECT space, number, key, field, at, left_at FROM handed")
        found = [
            Grant(key_from(space), int(number), key_from(key), field, at, left)
            for space, number, key, field, at, left in rows
        ]
        return {(one.space, one.number): one for one in found}


def _own(rows: Iterable[Grant], key: Key, field: Pointer) -> Grant | None:
    """What a field has, or else what it has left."""
    found = (one for one in rows if (one.key, one.field) == (key, field))
    return min(found, key=lambda one: bool(one.left_at), default=None)


def _choice(rows: Collection[Grant], space: Space, avoid: Collection[int]) -> int | None:
    number = space.lowest_free({*avoid, *(one.number for one in rows)})
    if number is not None:
        return number
    left = [one for one in rows if one.left_at and space.offers(one.number) and one.number not in avoid]
    return min(left, key=lambda one: one.left_at).number if left else None
