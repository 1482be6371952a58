"""What people decided: approvals, which target is the right one, and what they asked to be looked at again."""

from __future__ import annotations

from setpoint.model.key import Key
from setpoint.store.codec import key_text
from setpoint.store.database import Database
from setpoint.store.records import Approval


class Decisions:
    """Approvals, pins, requests, and the salt."""

    _db: Database

    def approve(self, token: str, by: str, at: float) -> None:
        """Release what `token` names; the first approval of a token is the one that is kept."""
        self._db.run("INSERT OR IGNORE INTO approval VALUES (?, ?, ?)", (token, by, at))

    def approved(self, token: str) -> bool:
        """Whether somebody released what `token` names."""
        return self._db.row("SELECT 1 FROM approval WHERE token = ?", (token,)) is not None

    def approvals(self) -> list[Approval]:
        """Every approval, newest first."""
        rows = self._db.rows("SELECT token, by, at FROM approval ORDER BY at DESC, token")
        return [Approval(*row) for row in rows]

    def salt(self, fresh: bytes) -> bytes:
        """What fingerprints of secrets are salted with: `fresh` the first time, and the same for ever."""
        self._db.run("INSERT OR IGNORE INTO salt VALUES (1, ?)", (fresh,))
        found = self._db.row("SELECT bytes FROM salt")
        assert found is not None  # noqa: S101  # inserted above
        return bytes(found[0])

    def pin(self, target: Key, target_id: str, at: float) -> None:
        """Remember who the target is; replaces what was remembered."""
        self._db.run("INSERT OR REPLACE INTO pin VALUES (?, ?, ?)", (key_text(target), target_id, at))

    def pinned(self, target: Key) -> str | None:
        """Who the target was at first contact; None before."""
        found = self._db.row("SELECT target_id FROM pin WHERE target = ?", (key_text(target),))
        return found[0] if found else None

    def next_request(self, key: Key, by: str, at: float) -> int:
        """Number a request to look at the key again; each is one more than the last."""
        with self._db.transaction():
            number = self.last_request(key) + 1
            self._db.run(
                "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?)", (key_text(key), number, by, at)
            )
            return number

    def last_request(self, key: Key) -> int:
        """The number of the key's last request; 0 when there was none."""
        found = self._db.row("SELECT number FROM request WHERE key = ?", (key_text(key),))
        return found[0] if found else 0
