"""The keys in force, read beside whoever writes them and without anything of ours being loaded: completion is in a hurry."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

_PATIENCE = 0.1


def names_in_force(path: Path) -> list[str]:
    """Every key that the database at `path` has in force, as `namespace/Kind/name`; none when it cannot be read."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=_PATIENCE)
        ) as db:
            return [str(row[0]) for row in db.execute("SELECT key FROM desired ORDER BY key")]
    except sqlite3.Error:
        return []
