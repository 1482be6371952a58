"""The networks of one world: what was edited, what runs, who holds the lock, and what each node has loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.sdn.sections import KINDS, Config, Kind, Section, Sections, copy, stored
from setpoint_lab.untyped import is_object, objects

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

OWN_IPAM: Section = {"type": "pve"}
LOCKED = "invalid lock token provided! at /usr/share/perl5/PVE/Network/SDN.pm line 291."
NOT_GENERATED = "local sdn network configuration is not yet generated, please reload"
TOO_OLD = "local sdn network configuration is too old, please reload"
_NAMES: Mapping[Kind, str] = {
    "zones": "zone",
    "vnets": "vnet",
    "subnets": "subnet",
    "controllers": "controller",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration that a node's interfaces were last made from, and its version."""

    version: int
    config: Config


class Sdn:
    """The networks; a node without an entry in `loaded` has never made its interfaces."""

    KEY: ClassVar[str] = "sdn"

    def __init__(self, world: World, given: object) -> None:
        """Begin with the section `sdn` of a state."""
        words: Mapping[str, Any] = given if is_object(given) else {}
        self._world = world
        self.edited: Config = _read(words)
        self.running: Config = _running(words, self.edited)
        self.version = int(words.get("version", 1 if any(self.running.values()) else 0))
        self.lock: str | None = words.get("lock")
        self.ipams: Sections = _named(words.get("ipams"), "ipam") or {"pve": dict(OWN_IPAM)}
        self.loaded: dict[str, Loaded] = _loaded(words)
        if "loaded" not in words and self.version:
            self.loaded = {node: Loaded(self.version, copy(self.running)) for node in world.nodes}

    def state(self) -> object:
        """The section that makes these networks."""
        return {
            **_written(self.edited),
            "running": _written(self.running),
            "version": self.version,
            "lock": self.lock,
            "ipams": _listed(self.ipams, "ipam"),
            "loaded": {
                node: {"version": loaded.version, **_written(loaded.config)}
                for node, loaded in self.loaded.items()
            },
        }

    @property
    def has_pending(self) -> bool:
        """Whether anything was edited that does not run yet."""
        return self.edited != self.running

    def check_lock(self, token: str | None) -> None:
        """Raise unless nobody holds the lock, or the request bears its token."""
        if self.lock is not None and token != self.lock:
            raise ApiError.internal(LOCKED)

    def commit(self) -> None:
        """Let run what was edited; the nodes do not know yet."""
        self.running = copy(self.edited)
        self.version += 1
        self._world.changed()

    def rollback(self) -> None:
        """Forget what was edited and does not run."""
        self.edited = copy(self.running)
        self._world.changed()

    def load(self, node: str) -> None:
        """Let a node make its interfaces of what runs."""
        if self.version:
            self.loaded[node] = Loaded(self.version, copy(self.running))
            self._world.changed()

    def complaint(self, node: str) -> str | None:
        """Why a node's interfaces are not those of the running configuration; None when they are."""
        loaded = self.loaded.get(node)
        if not self.version:
            return None
        if loaded is None:
            return NOT_GENERATED
        return TOO_OLD if loaded.version < self.version else None

    def vnets_on(self, node: str) -> Mapping[str, Section]:
        """The vnets that exist as bridges on a node."""
        loaded = self.loaded.get(node)
        if loaded is None:
            return {}
        zones = zones_on(loaded.config, node)
        return {name: vnet for name, vnet in loaded.config["vnets"].items() if vnet.get("zone") in zones}

    def zone_of(self, vnet: str) -> str | None:
        """The zone of a vnet as it is edited, else as it runs."""
        found = self.edited["vnets"].get(vnet) or self.running["vnets"].get(vnet)
        return None if found is None else str(found.get("zone"))


def zones_on(config: Config, node: str) -> dict[str, Section]:
    """The zones of a configuration that are for a node."""
    return {
        name: zone
        for name, zone in config["zones"].items()
        if "nodes" not in zone or node in split_list(str(zone["nodes"]))
    }


def _running(words: Mapping[str, Any], edited: Config) -> Config:
    """What a state says runs: its section `running`, else what is marked as applied."""
    given = words.get("running")
    if is_object(given):
        return _read(given)
    return {
        kind: {
            name: dict(section)
            for name, section in edited[kind].items()
            if name
            in {entry[_NAMES[kind]] for entry in objects(words.get(kind)) if "applied" in entry.values()}
        }
        for kind in KINDS
    }


def _loaded(words: Mapping[str, Any]) -> dict[str, Loaded]:
    given = words.get("loaded")
    entries: Mapping[str, Any] = given if is_object(given) else {}
    return {node: Loaded(int(entry["version"]), _read(entry)) for node, entry in entries.items()}


def _read(words: Mapping[str, Any]) -> Config:
    return {kind: _named(words.get(kind), _NAMES[kind]) for kind in KINDS}


def _written(config: Config) -> dict[str, object]:
    return {kind: _listed(config[kind], _NAMES[kind]) for kind in KINDS}


def _named(entries: object, name: str) -> Sections:
    unstored = {"state", "inferred", name}
    return {
        str(entry[name]): {
            key: stored(key, value)
            for key, value in entry.items()
            if key not in unstored and value is not None
        }
        for entry in objects(entries)
    }


def _listed(sections: Sections, name: str) -> list[Section]:
    return [{name: key, **section} for key, section in sections.items()]
