"""What was declared: the last good content of each source, what it compiled to, and which version is followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from setpoint.model.inventory import PREFIX
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.store.cache import Cache
from setpoint.store.codec import encode, key_from, key_text, resource_from
from setpoint.store.database import Database
from setpoint.store.records import Layer


class Declared:
    """Layers, the desired set, and the accepted versions. What this process wrote is known, so only changes are written."""

    _db: Database
    _kept: Mapping[Key, Resource]
    _layers: dict[str, Mapping[str, bytes]]
    _accepted: Cache[str, str]

    def save_layer(self, layer: Layer) -> None:
        """Replace what is kept of the layer's source; files that are kept already are not written again."""
        with self._db.transaction():
            self._write_layer(layer)

    def _write_layer(self, layer: Layer) -> None:
        kept = self._layers.get(layer.source)
        if kept is None:
            kept = self._files(layer.source)
        self._db.run(
            "INSERT INTO layer VALUES (?, ?, ?) "
            "ON CONFLICT (source) DO UPDATE SET version = excluded.version, fetched_at = excluded.fetched_at",
            (layer.source, layer.version, layer.fetched_at),
        )
        self._db.run_many(
            "DELETE FROM layer_file WHERE source = ? AND path = ?",
            ((layer.source, path) for path in kept.keys() - layer.files.keys()),
        )
        self._db.run_many(
            "INSERT OR REPLACE INTO layer_file VALUES (?, ?, ?)",
            (
                (layer.source, path, content)
                for path, content in layer.files.items()
                if kept.get(path) != content
            ),
        )
        self._db.after_commit(partial(self._layers.update, {layer.source: layer.files}))

    def _write_layers(self, layers: Collection[Layer]) -> None:
        """Replace what is kept of these sources; an inventory that is not among them is none of the estate's any more."""
        for layer in layers:
            self._write_layer(layer)
            self.accept(layer.source, layer.version, layer.fetched_at)
        given = {layer.source for layer in layers}
        for (source,) in self._db.rows("SELECT source FROM layer"):
            if source.startswith(PREFIX) and source not in given:
                self._db.run("DELETE FROM layer WHERE source = ?", (source,))
                self._db.after_commit(partial(self._layers.pop, source, None))

    def layer(self, source: str) -> Layer | None:
        """The last good content of a source; None when it never gave any."""
        found = self._db.row("SELECT version, fetched_at FROM layer WHERE source = ?", (source,))
        if found is None:
            return None
        return Layer(source, found[0], found[1], self._files(source))

    def kept_layers(self) -> list[tuple[str, str, float]]:
        """Of which sources there is a layer, with the version and when it was read."""
        rows = self._db.rows("SELECT source, version, fetched_at FROM layer ORDER BY source")
        return [(source, version, at) for source, version, at in rows]

    def last_read(self, source: str) -> float:
        """When what is kept of a source was read; 0 when it never gave anything."""
        found = self._db.row("SELECT fetched_at FROM layer WHERE source = ?", (source,))
        return float(found[0]) if found is not None else 0.0

    def _files(self, source: str) -> dict[str, bytes]:
        rows = self._db.rows("SELECT path, content FROM layer_file WHERE source = ? ORDER BY path", (source,))
        return dict(rows)

    def _write_desired(self, resources: Mapping[Key, Resource]) -> None:
        """Replace the desired set; what is kept already is not written again, and all come after what they need."""
        kept = self._kept
        changed = [(key, resource) for key, resource in resources.items() if kept.get(key) is not resource]
        # New ones are written behind all others, which is right unless one of those needs something else now.
        anew = any(key in kept and kept[key].references != new.references for key, new in changed)
        if anew or not kept:
            self._db.run("DELETE FROM desired")
            changed = [*resources.items()]
        self._db.run_many(
            "DELETE FROM desired WHERE key = ?",
            ((key_text(key),) for key in kept if key not in resources),
        )
        self._db.run_many(
            "INSERT INTO desired (key, document) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET document = excluded.document",
            ((key_text(key), encode(resource)) for key, resource in changed),
        )
        self._db.after_commit(partial(self._keep, resources))

    def _keep(self, resources: Mapping[Key, Resource]) -> None:
        self._kept = dict(resources)

    def desired(self) -> dict[Key, Resource]:
        """The desired set, each after what it needs; empty when there never was one."""
        rows = self._db.rows("SELECT key, document FROM desired ORDER BY position")
        return {key_from(key): resource_from(document) for key, document in rows}

    def accept(self, source: str, version: str, at: float) -> None:
        """Remember `version` as the one that is followed; a later one must descend from it."""
        self._db.run("INSERT OR REPLACE INTO accepted VALUES (?, ?, ?)", (source, version, at))
        self._accepted.put(source, version)

    def accepted(self, source: str) -> str | None:
        """The version of a source that was last accepted."""
        return self._accepted.get(source)

    def _load_accepted(self) -> dict[str, str]:
        return dict(self._db.rows("SELECT source, version FROM accepted"))
