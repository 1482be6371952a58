"""Storages and the volumes and files on them; neighbours: `world`, which holds both, and the guests that use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.effects import Effects
    from setpoint_lab.proxmox.ledger import Ledger


@dataclass(slots=True)
class Storage:
    """A storage of the cluster; sizes in bytes, `nodes` None means all, `options` are its other settings."""

    id: str
    type: str
    content: frozenset[str]
    shared: bool = False
    nodes: frozenset[str] | None = None
    path: str | None = None
    pool: str | None = None
    total: int = 0
    used: int = 0
    disabled: bool = False
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    def available_on(self, node: str) -> bool:
        """Whether the storage is configured for the node."""
        return self.nodes is None or node in self.nodes


@dataclass(slots=True)
class Volume:
    """A volume or file; `size` in bytes, `ctime` in seconds, `node` is where it lies (any node when shared)."""

    volid: str
    node: str
    content: str
    format: str
    size: int
    vmid: int | None = None
    parent: str | None = None
    ctime: int | None = None
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def storage(self) -> str:
        """The storage's id."""
        return self.volid.partition(":")[0]

    @property
    def name(self) -> str:
        """The part behind the storage, for example `vm-100-disk-0` or `iso/tiny.iso`."""
        return self.volid.partition(":")[2]


class Volumes:
    """Every volume of every storage."""

    def __init__(self, ledger: Ledger, effects: Effects) -> None:
        """Start empty."""
        self._ledger = ledger
        self._effects = effects
        self._all: list[Volume] = []

    def __iter__(self) -> Iterator[Volume]:
        return iter(self._all)

    def add(self, volume: Volume) -> Volume:
        """Keep a new volume."""
        self._all.append(volume)
        self._ledger.changed()
        self._effects.note("volume_made", volume.vmid, volume.volid)
        return volume

    def remove(self, volume: Volume) -> None:
        """Forget a volume."""
        self._all.remove(volume)
        self._ledger.changed()
        self._effects.note("volume_gone", volume.vmid, volume.volid)

    def rename(self, volume: Volume, volid: str, vmid: int | None) -> None:
        """Give a volume another id and another guest."""
        old, volume.volid, volume.vmid = volume.volid, volid, vmid
        self._ledger.changed()
        self._effects.note("volume_renamed", vmid, f"{old} -> {volid}")

    def find(self, volid: str, node: str | None = None) -> Volume | None:
        """The volume of that id, on that node when one is given."""
        return next((v for v in self._all if v.volid == volid and node in {None, v.node}), None)

    def on(self, storage: str, node: str | None = None) -> list[Volume]:
        """The volumes of a storage, on that node when one is given."""
        return [v for v in self._all if v.storage == storage and node in {None, v.node}]

    def of_guest(self, vmid: int) -> list[Volume]:
        """The volumes that bear the guest's number."""
        return [v for v in self._all if v.vmid == vmid]


_FOLDERS = {"iso": "template/iso", "vztmpl": "template/cache", "backup": "dump", "snippets": "snippets"}


def volume_path(storage: Storage, volume: Volume) -> str:
    """Where the volume lies on its node."""
    folder, _, name = volume.name.partition("/")
    if storage.path is None:
        return f"/dev/zvol/{storage.pool}/{volume.name}"
    if folder in _FOLDERS:
        return f"{storage.path}/{_FOLDERS[folder]}/{name}"
    return f"{storage.path}/images/{volume.name}"
