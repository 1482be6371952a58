"""What people decided: approvals, which target is the right one, and what they asked to be looked at again."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from setpoint.model.key import Key
from setpoint.store.cache import Cache
from setpoint.store.codec import key_from, key_text
from setpoint.store.database import Database
from setpoint.store.records import Approval


class Decisions:
    """Approvals, pins, requests, and the salt."""

    _db: Database
    _approvals: Cache[str, Approval]
    _pins: Cache[Key, tuple[str, str]]
    _requests: Cache[Key, int]
    _salt: Cache[int, bytes]

    def approve(self, token: str, by: str, at: float) -> None:
        """Release what `token` names; the first approval of a token is the one that is kept."""
        if not self.approved(token):
            self._db.run("INSERT INTO approval VALUES (?, ?, ?)", (token, by, at))
            self._approvals.put(token, Approval(token, by, at))

    def approved(self, token: str) -> bool:
        """Whether somebody released what `token` names."""
        return token in self._approvals.rows

    def tokens(self) -> AbstractSet[str]:
        """Everything that somebody released; a live view."""
        return self._approvals.keys()

    def approvals(self) -> list[Approval]:
        """Every approval, newest first."""
        return sorted(self._approvals.rows.values(), key=lambda approval: (-approval.at, approval.token))

    def salt(self, fresh: bytes) -> bytes:
        """What fingerprints of secrets are salted with: `fresh` the first time, and the same for ever."""
        known = self.known_salt()
        if known is not None:
            return known
        self._db.run("INSERT INTO salt VALUES (1, ?)", (fresh,))
        self._salt.put(1, fresh)
        return fresh

    def known_salt(self) -> bytes | None:
        """The salt; None before it was first asked for."""
        return self._salt.get(1)

    def pin(self, target: Key, target_id: str, at: float, incarnation: str = "") -> None:
        """Remember who the target is, and which making of it; replaces what was remembered."""
        self._db.run(
            "INSERT OR REPLACE INTO pin VALUES (?, ?, ?, ?)", (key_text(target), target_id, at, incarnation)
        )
        self._pins.put(target, (target_id, incarnation))

    def pinned(self, target: Key) -> str | None:
        """Who the target was at first contact; None before."""
        known = self._pins.get(target)
        return None if known is None else known[0]

    def incarnation(self, target: Key) -> str:
        """Which making of the target was pinned; empty where that is not known."""
        known = self._pins.get(target)
        return "" if known is None else known[1]

    def _next_request(self, key: Key, by: str, at: float) -> int:
        """Number a request to look at the key again; each is one more than the last."""
        number = self.last_request(key) + 1
        self._db.run("INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?)", (key_text(key), number, by, at))
        self._requests.put(key, number)
        return number

    def last_request(self, key: Key) -> int:
        """The number of the key's last request; 0 when there was none."""
        return self._requests.get(key) or 0

    def _load_approvals(self) -> dict[str, Approval]:
        rows = self._db.rows("SELECT token, by, at FROM approval")
        return {row[0]: Approval(*row) for row in rows}

    def _load_pins(self) -> dict[Key, tuple[str, str]]:
        rows = self._db.rows("SELECT target, target_id, incarnation FROM pin")
        return {key_from(key): (who, incarnation) for key, who, incarnation in rows}

    def _load_requests(self) -> dict[Key, int]:
        return {key_from(key): number for key, number in self._db.rows("SELECT key, number FROM request")}

    def _load_salt(self) -> dict[int, bytes]:
        return {number: bytes(salt) for number, salt in self._db.rows("SELECT id, bytes FROM salt")}
