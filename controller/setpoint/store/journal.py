"""What a crash must not lose: numbers given out before anything bears them, and the step under way of each key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from setpoint.decide.lifecycle import take_back
from setpoint.model.errors import StateError
from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.plan import Disruption, Intent
from setpoint.model.tree import Json
from setpoint.store.cache import Cache
from setpoint.store.codec import encode, intent_from, key_from, key_text
from setpoint.store.database import Database
from setpoint.store.disruptions import Disruptions
from setpoint.store.grants import Grants
from setpoint.store.observed import Observed
from setpoint.store.records import Disrupted, Item, Reservation


class Journal(Observed, Disruptions, Grants):
    """Reservations and intents."""

    _db: Database
    _reservations: Cache[Key, Reservation]
    _intents: Cache[Key, tuple[Key, Intent]]

    def reserve(self, target: Key, wish: Reserve, key: Key, at: float) -> int:
        """The key's number in a space of `target`: its own if it has one there, else the lowest free one.

        A key holds one reservation: one in another space, target or range gives way.

        Raises:
            StateError: every number of the range is taken or reserved.
        """
        with self._db.transaction():
            own = self.reservation(key)
            if (
                own
                and (own.target, own.space) == (target, wish.space)
                and wish.low <= own.number <= wish.high
            ):
                return own.number
            self.release(key)
            number = self._lowest_free(target, wish, key)
            row = (key_text(target), wish.space, number, key_text(key), at)
            self._db.run("INSERT INTO reservation VALUES (?, ?, ?, ?, ?)", row)
            self._reservations.put(key, Reservation(target, wish.space, number, key, at))
            return number

    def reservation(self, key: Key) -> Reservation | None:
        """What is reserved for the key."""
        return self._reservations.get(key)

    def release(self, key: Key) -> None:
        """Give the key's number back, if it has one."""
        self._db.run("DELETE FROM reservation WHERE key = ?", (key_text(key),))
        self._reservations.drop(key)

    def open_intent(
        self,
        key: Key,
        target: Key,
        intent: Intent,
        disruption: Disruption = Disruption.NONE,
        item: Item | None = None,
    ) -> None:
        """Write down the step that is about to begin, in place of an earlier one of the key; what it disturbs is counted.

        Args:
            key: whose step it is.
            target: where it is taken.
            intent: what is about to begin.
            disruption: how much it disturbs.
            item: the key's row in the inventory as it is from now on; None when it stays as it is.
        """
        row = (key_text(key), key_text(target), encode(intent))
        with self._db.transaction():
            self._db.run("INSERT OR REPLACE INTO intent VALUES (?, ?, ?)", row)
            self._intents.put(key, (target, intent))
            stored = item or self.item(key)
            if intent.waiting and stored is not None:
                more = replace(stored.restarts, begun=stored.restarts.begun + 1, at=intent.began)
                item = replace(stored, restarts=more)
            if item is not None:
                self.save_item(item)
            if disruption >= Disruption.STOP:
                self.note_disruption(Disrupted(key, intent.began, target, disruption))

    def note_operation(self, key: Key, operation: str) -> None:
        """Add the id of the operation that the key's step started.

        Raises:
            KeyError: no intent is open for the key.
        """
        self._amend(key, operation=operation)

    def note_doubt(self, key: Key, at: float) -> None:
        """Add when the reply to the key's step was found to be lost.

        Raises:
            KeyError: no intent is open for the key.
        """
        self._amend(key, doubted=at)

    def note_way(self, key: Key, notes: Mapping[str, Json]) -> None:
        """Keep what the key's act wrote down on its way, in place of what it wrote before.

        Raises:
            KeyError: no intent is open for the key.
        """
        self._amend(key, notes=notes)

    def intent(self, key: Key) -> Intent | None:
        """The key's step under way."""
        found = self._intents.get(key)
        return found[1] if found else None

    def intents(self, target: Key) -> list[tuple[Key, Intent]]:
        """Every step under way on `target`, with its key."""
        found = [(key, intent) for key, (where, intent) in self._intents.rows.items() if where == target]
        return sorted(found, key=lambda row: key_text(row[0]))

    def intent_target(self, key: Key) -> Key | None:
        """Where the key's step under way was begun."""
        found = self._intents.get(key)
        return found[0] if found else None

    def close_intent(self, key: Key) -> None:
        """Forget the key's step, if one is open: its effect was seen, or certainly did not happen."""
        self._db.run("DELETE FROM intent WHERE key = ?", (key_text(key),))
        self._intents.drop(key)

    def take_back_intent(self, key: Key) -> None:
        """Forget the key's step, for it certainly did not happen; what it was to disturb counts for nothing."""
        with self._db.transaction():
            intent, item = self.intent(key), self.item(key)
            if intent is not None:
                self.take_back_disruption(key, intent.began)
            if item is not None and (before := _before(item, intent)) != item:
                self.save_item(before)
            self.close_intent(key)

    def complete_intent(self, key: Key) -> None:
        """Forget the key's step, for it ended well: the secrets that it carried were sent, and it has restarted."""
        with self._db.transaction():
            intent, item = self.intent(key), self.item(key)
            if intent is not None and item is not None and (intent.prints or intent.waiting):
                restarts = replace(item.restarts, ended={**item.restarts.ended, **intent.waiting})
                self.save_item(replace(item, sent={**item.sent, **intent.prints}, restarts=restarts))
            self.close_intent(key)

    def _hand_over(self, old: Key, new: Key) -> None:
        """Give `new` the object, the numbers and the step under way of `old`, each of which may be all there is yet."""
        if self.item(new) is not None:
            return
        self._hand_over_grants(old, new)
        item, reservation, under_way = self.item(old), self.reservation(old), self._intents.get(old)
        if item is not None:
            self.save_item(replace(item, key=new, released=False))
            self.forget_item(old)
        if reservation is not None:
            self.release(new)
            self._db.run("UPDATE reservation SET key = ? WHERE key = ?", (key_text(new), key_text(old)))
            self._reservations.put(new, replace(reservation, key=new))
            self._reservations.drop(old)
        if under_way is not None:
            self.close_intent(new)
            self._db.run("UPDATE intent SET key = ? WHERE key = ?", (key_text(new), key_text(old)))
            self._intents.put(new, under_way)
            self._intents.drop(old)
        self.forget_status(old)

    def _amend(self, key: Key, **news: str | float | Mapping[str, Json]) -> None:
        with self._db.transaction():
            found = self._intents.get(key)
            if found is None:
                raise KeyError(key)
            intent = replace(found[1], **news)  # type: ignore[arg-type]  # by name, from the three callers
            self._db.run("UPDATE intent SET document = ? WHERE key = ?", (encode(intent), key_text(key)))
            self._intents.put(key, (found[0], intent))

    def _lowest_free(self, target: Key, wish: Reserve, key: Key) -> int:
        rows = self._db.rows(
            "SELECT number FROM reservation WHERE target = ? AND space = ?", (key_text(target), wish.space)
        )
        # What was wiped to be made anew bears its number for nobody to see, and may have it without a reservation.
        listed = (
            item.identity.get(wish.space)
            for item in self.items()
            if item.target == target and item.key != key and not item.released
        )
        used = wish.taken | {number for (number,) in rows} | {one for one in listed if isinstance(one, int)}
        free = (number for number in range(wish.low, wish.high + 1) if number not in used)
        number = next(free, None)
        if number is None:
            raise StateError(
                f"no {wish.space} is free in {wish.low}-{wish.high} of {target}",
                remedy="widen the range in the target's declaration, or remove what is no longer needed",
            )
        return number

    def _load_reservations(self) -> dict[Key, Reservation]:
        rows = self._db.rows("SELECT target, space, number, key, at FROM reservation")
        reserved = [Reservation(key_from(row[0]), row[1], row[2], key_from(row[3]), row[4]) for row in rows]
        return {reservation.key: reservation for reservation in reserved}

    def _load_intents(self) -> dict[Key, tuple[Key, Intent]]:
        rows = self._db.rows("SELECT key, target, document FROM intent")
        return {key_from(key): (key_from(target), intent_from(document)) for key, target, document in rows}


def _before(item: Item, intent: Intent | None) -> Item:
    """The inventory's row as it was before a step that certainly did not happen."""
    if intent is not None and item.changing == intent.began:
        item = replace(item, changing=0.0)
    if intent is not None and intent.waiting:
        return replace(item, restarts=replace(item.restarts, begun=max(item.restarts.begun - 1, 0)))
    return replace(item, age=take_back(item.age)) if item.age.wiped else item
