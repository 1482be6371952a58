"""What was declared: the last good content of each source, what it compiled to, and which version is followed."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.store.codec import encode, key_from, key_text, resource_from
from setpoint.store.database import Database
from setpoint.store.records import Layer


class Declared:
    """Layers, the desired set, and the accepted versions."""

    _db: Database

    def save_layer(self, layer: Layer) -> None:
        """Replace what is kept of the layer's source."""
        with self._db.transaction():
            self._db.run("DELETE FROM layer WHERE source = ?", (layer.source,))
            self._db.run(
                "INSERT INTO layer VALUES (?, ?, ?)", (layer.source, layer.version, layer.fetched_at)
            )
            self._db.run_many(
                "INSERT INTO layer_file VALUES (?, ?, ?)",
                ((layer.source, path, content) for path, content in layer.files.items()),
            )

    def layer(self, source: str) -> Layer | None:
        """The last good content of a source; None when it never gave any."""
        found = self._db.row("SELECT version, fetched_at FROM layer WHERE source = ?", (source,))
        if found is None:
            return None
        files = self._db.rows(
            "SELECT path, content FROM layer_file WHERE source = ? ORDER BY path", (source,)
        )
        return Layer(source, found[0], found[1], dict(files))

    def save_desired(self, resources: Mapping[Key, Resource]) -> None:
        """Replace the whole desired set; its order is kept."""
        with self._db.transaction():
            self._db.run("DELETE FROM desired")
            self._db.run_many(
                "INSERT INTO desired (key, document) VALUES (?, ?)",
                ((key_text(key), encode(resource)) for key, resource in resources.items()),
            )

    def desired(self) -> dict[Key, Resource]:
        """The desired set in the order in which it was saved; empty when there never was one."""
        rows = self._db.rows("SELECT key, document FROM desired ORDER BY position")
        return {key_from(key): resource_from(document) for key, document in rows}

    def accept(self, source: str, version: str, at: float) -> None:
        """Remember `version` as the one that is followed; a later one must descend from it."""
        self._db.run("INSERT OR REPLACE INTO accepted VALUES (?, ?, ?)", (source, version, at))

    def accepted(self, source: str) -> str | None:
        """The version of a source that was last accepted."""
        found = self._db.row("SELECT version FROM accepted WHERE source = ?", (source,))
        return found[0] if found else None
