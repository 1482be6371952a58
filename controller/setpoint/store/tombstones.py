"""What left the declarations: to be deleted, or let go of by a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.store.audit import Audit
from setpoint.store.cache import Cache
from setpoint.store.codec import encode, key_from, key_text, tombstone_from
from setpoint.store.database import Database
from setpoint.store.declared import Declared
from setpoint.store.journal import Journal
from setpoint.store.records import Event, Layer

DAY = 86400.0
"""Seconds for which a tombstone stays after its object is gone, because it counts so long."""


class Tombstones(Declared, Journal, Audit):
    """Tombstones, and what is forgotten. Whatever is decided about one is decided here, one call after the other."""

    _db: Database
    _tombstones: Cache[Key, Tombstone]
    _forgotten: Cache[Key, float]

    def put_in_force(
        self,
        resources: Mapping[Key, Resource],
        left: Iterable[Tombstone],
        back: Iterable[Key],
        names: Mapping[Key, Key] = MappingProxyType({}),
        layers: Collection[Layer] = (),
        events: Iterable[Event] = (),
    ) -> None:
        """Replace the desired set and write down what left with it, all of it or nothing.

        Args:
            resources: the desired set.
            left: tombstones of what is declared no more, or with news about earlier ones.
            back: keys whose tombstones and oblivion end, for they are declared again or go on under another name.
            names: former name -> new name, which gets what is remembered of it, unless it has an object of its own.
            layers: all of which it was made, and whose versions are the accepted ones from then on; none where that is no
                news.
            events: who brought what.
        """
        with self._db.transaction():
            self._write_desired(resources)
            for key in back:
                self._drop_tombstone(key)
                self._remember_again(key)
            for tombstone in left:
                self._put_tombstone(tombstone)
            for old, new in names.items():
                self._hand_over(old, new)
            if layers:
                self._write_layers(layers)
            for event in events:
                self._add(event)

    def tombstone(self, key: Key) -> Tombstone | None:
        """The key's tombstone, whatever its phase."""
        return self._tombstones.get(key)

    def tombstones(self) -> Mapping[Key, Tombstone]:
        """Every tombstone; a live view."""
        return self._tombstones.rows

    def amend_tombstones(self, keys: Iterable[Key], change: Callable[[Tombstone], Tombstone]) -> None:
        """Change what is there now under each key, if it is to be deleted still."""
        with self._db.transaction():
            for key in keys:
                now = self.tombstone(key)
                if now is not None and now.active:
                    changed = change(now)
                    if changed != now:
                        self._put_tombstone(changed)

    def begin_removal(self, key: Key, phase: Phase) -> Tombstone | None:
        """Note that a step of its deletion begins now; None when it is not to be deleted any more."""
        self.amend_tombstones((key,), lambda one: replace(one, phase=phase))
        now = self.tombstone(key)
        return now if now is not None and now.active else None

    def keep(self, key: Key) -> bool:
        """Take the deletion back; False when its destruction is under way, or there is none."""
        with self._db.transaction():
            now, item = self.tombstone(key), self.item(key)
            if now is None or not now.active or now.phase is Phase.DESTROYING:
                return False
            self._put_tombstone(replace(now, phase=Phase.KEPT))
            if item is not None:
                self.save_item(replace(item, released=True))
            return True

    def bury(self, key: Key, at: float) -> None:
        """Forget what is remembered of an object that is gone; its tombstone counts for a day more."""
        with self._db.transaction():
            tombstone = self.tombstone(key)
            old = [
                one.key
                for one in self.tombstones().values()
                if one.phase is Phase.GONE and one.let_go_at < at - DAY
            ]
            self.forget_item(key)
            self.release(key)
            self._leave(key, at)
            self.close_intent(key)
            self.forget_status(key)
            for one in old:
                self._drop_tombstone(one)
            if tombstone is not None:
                self._put_tombstone(replace(tombstone, phase=Phase.GONE))

    def let_go_of(self, key: Key, by: str, at: float) -> None:
        """Forget the key, its object's row and its tombstone, although the object may be there and bear our mark."""
        with self._db.transaction():
            self.forget_item(key)
            self.release(key)
            self._leave(key, at)
            self._drop_tombstone(key)
            self.forget_status(key)
            self._db.run("INSERT OR REPLACE INTO forgotten VALUES (?, ?, ?)", (key_text(key), by, at))
            self._forgotten.put(key, at)

    def forgotten(self, key: Key) -> bool:
        """Whether somebody let go of the key, and it was not declared since."""
        return self._forgotten.get(key) is not None

    def forgotten_keys(self) -> Collection[Key]:
        """Every key that somebody let go of; a live view."""
        return self._forgotten.keys()

    def _remember_again(self, key: Key) -> None:
        if self.forgotten(key):
            self._db.run("DELETE FROM forgotten WHERE key = ?", (key_text(key),))
            self._forgotten.drop(key)

    def _put_tombstone(self, tombstone: Tombstone) -> None:
        row = (key_text(tombstone.key), encode(tombstone))
        self._db.run("INSERT OR REPLACE INTO tombstone VALUES (?, ?)", row)
        self._tombstones.put(tombstone.key, tombstone)

    def _drop_tombstone(self, key: Key) -> None:
        self._db.run("DELETE FROM tombstone WHERE key = ?", (key_text(key),))
        self._tombstones.drop(key)

    def _load_tombstones(self) -> dict[Key, Tombstone]:
        rows = self._db.rows("SELECT document FROM tombstone")
        return {one.key: one for one in (tombstone_from(document) for (document,) in rows)}

    def _load_forgotten(self) -> dict[Key, float]:
        return {key_from(key): at for key, at in self._db.rows("SELECT key, at FROM forgotten")}
