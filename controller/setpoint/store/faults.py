"""What SQLite reports, as one sentence that a person can act on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from setpoint.model.errors import StateError

_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the general one in their lowest byte."""

_LOST = "then the inventory is rebuilt from the marks, and history, approvals and reservations are lost"

_MEANINGS = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another program",
        "close whatever else has it open (a backup, a sqlite3 shell); Setpoint tries again",
    ),
    sqlite3.SQLITE_LOCKED: (
        "is locked by another program",
        "close whatever else has it open (a backup, a sqlite3 shell); Setpoint tries again",
    ),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "free some space on its file system; Setpoint tries again",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk reports an error",
        "look at the kernel's log and at the disk's health, then start again",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written",
        "give the user of the daemon write access to it and to its folder",
    ),
    sqlite3.SQLITE_PERM: ("cannot be opened", "give the user of the daemon access to it and to its folder"),
    sqlite3.SQLITE_AUTH: ("cannot be opened", "give the user of the daemon access to it and to its folder"),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "see that its folder exists, is no file, and may be written by the user of the daemon",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        f"restore it from a backup, or move it and its -wal and -shm files aside: {_LOST}",
    ),
    sqlite3.SQLITE_NOTADB: (
        "is no database",
        f"restore it from a backup, or move it aside: {_LOST}",
    ),
}


def explain(error: sqlite3.Error, path: Path | None) -> StateError | None:
    """The sentence for what the machine did to us; None when the mistake is our own."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int) or (code & _PRIMARY_CODE) not in _MEANINGS:
        return None
    what, remedy = _MEANINGS[code & _PRIMARY_CODE]
    return StateError(f"the database {path or 'in memory'} {what}", remedy=remedy)
