"""Storages and the volumes and files on them; neighbours: `world`, which holds both, and the guests that use them."""

from __future__ import annotations

import hashlib
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
    """A volume or file; `size` in bytes, `ctime` in seconds, `node` is where it lies (any node when shared).

    `options` are what lists show beside (`notes`, `protected`, `subtype`); `text` is what can be read in it: a
    snippet, or the config of the guest that a backup holds. `sums` are its checksums in hex by algorithm.
    """

    volid: str
    node: str
    content: str
    format: str
    size: int
    vmid: int | None = None
    parent: str | None = None
    ctime: int | None = None
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    text: str | None = None
    sums: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def storage(self) -> str:
        """The storage's id."""
        return self.volid.partition(":")[0]

    @property
    def name(self) -> str:
        """The part behind the storage, for example `vm-100-disk-0` or `iso/tiny.iso`."""
        return self.volid.partition(":")[2]

    def checksum(self, algorithm: str) -> str:
        """The file's checksum in hex, see `checksum_of`."""
        return checksum_of(algorithm, self.size, self.text, self.sums)


def checksum_of(algorithm: str, size: int, text: str | None, sums: Mapping[str, str]) -> str:
    """The sum of a file's text, or the one that was given; of a file nobody knows, that of its size in digits."""
    if text is None and algorithm in sums:
        return sums[algorithm].lower()
    content = str(size) if text is None else text
    return hashlib.new(algorithm, content.encode(), usedforsecurity=False).hexdigest()


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


_FOLDERS = {
    "iso": "template/iso",
    "vztmpl": "template/cache",
    "backup": "dump",
    "snippets": "snippets",
    "import": "import",
}


def volume_path(storage: Storage, volume: Volume) -> str:
    """Where the volume lies on its node."""
    return path_of(storage, volume.name)


def path_of(storage: Storage, name: str) -> str:
    """Where a volume of that name lies, whether there is one or not."""
    folder, _, rest = name.partition("/")
    if storage.path is None:
        return f"/dev/zvol/{storage.pool}/{name}"
    if folder in _FOLDERS:
        return f"{storage.path}/{_FOLDERS[folder]}/{rest}"
    return f"{storage.path}/images/{name}"
