"""What each type of storage takes: its settings, those it needs, and what may lie on it; neighbour: `storage_config`."""

from __future__ import annotations

from dataclasses import dataclass, field

from setpoint_lab.proxmox.errors import ApiError

_EVERY = frozenset({"nodes", "disable", "content", "bwlimit"})
_BACKUPS = frozenset({"prune-backups", "max-protected-backups"})
_FILES = _BACKUPS | {
    "content-dirs",
    "format",
    "mkdir",
    "create-base-path",
    "create-subdirs",
    "preallocation",
    "snapshot-as-volume-chain",
}
_DISKS = frozenset({"images", "rootdir"})
_ANY = frozenset({"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"})


@dataclass(frozen=True, slots=True)
class StorageType:
    """A type: `needed` settings never change; `holds` is what may lie on it, `usual` what does unless it is said.

    `shared` is whether its volumes are the same on all nodes by nature.
    """

    needed: frozenset[str]
    further: frozenset[str]
    holds: frozenset[str] = _ANY
    usual: frozenset[str] = _DISKS
    fixed: frozenset[str] = field(default_factory=frozenset[str])
    shared: bool = False

    def knows(self, key: str) -> bool:
        """Whether storages of the type have such a setting."""
        return key in self.needed | self.further | self.fixed | _EVERY


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IMAGES = _words("images")

TYPES: dict[str, StorageType] = {
    "dir": StorageType(_words("path"), _FILES | {"shared", "is_mountpoint"}),
    "btrfs": StorageType(_words("path"), _FILES | {"shared", "is_mountpoint", "nocow"}),
    "nfs": StorageType(
        _words("server export"), _FILES | {"options"}, usual=_IMAGES, fixed=_words("path"), shared=True
    ),
    "cifs": StorageType(
        _words("server share"),
        _FILES | _words("subdir username password domain smbversion options"),
        usual=_IMAGES,
        fixed=_words("path"),
        shared=True,
    ),
    "cephfs": StorageType(
        frozenset(),
        _FILES | _words("monhost subdir options username fuse keyring fs-name"),
        holds=_words("vztmpl iso backup snippets import"),
        usual=_words("backup"),
        fixed=_words("path"),
        shared=True,
    ),
    "zfspool": StorageType(_words("pool"), _words("blocksize sparse mountpoint"), holds=_DISKS),
    "lvm": StorageType(
        _words("vgname"),
        _words(
            "shared saferemove saferemove-stepsize saferemove_throughput tagged_only snapshot-as-volume-chain"
        ),
        holds=_DISKS | {"none"},
        usual=_IMAGES,
        fixed=_words("base"),
    ),
    "lvmthin": StorageType(_words("vgname thinpool"), frozenset(), holds=_DISKS),
    "rbd": StorageType(
        frozenset(),
        _words("pool monhost data-pool namespace username krbd keyring"),
        holds=_DISKS,
        usual=_IMAGES,
        shared=True,
    ),
    "iscsi": StorageType(
        _words("portal target"), frozenset(), holds=_words("images none"), usual=_IMAGES, shared=True
    ),
    "iscsidirect": StorageType(
        _words("portal target"), frozenset(), holds=_words("images none"), usual=_IMAGES, shared=True
    ),
    "zfs": StorageType(
        _words("portal target iscsiprovider pool"),
        _words("blocksize sparse nowritecache comstar_hg comstar_tg lio_tpg zfs-base-path"),
        holds=_IMAGES,
        usual=_IMAGES,
        shared=True,
    ),
    "pbs": StorageType(
        _words("server datastore"),
        _BACKUPS | _words("namespace port username password encryption-key master-pubkey fingerprint"),
        holds=_words("backup none"),
        usual=_words("backup"),
        shared=True,
    ),
    "esxi": StorageType(
        _words("server username password"),
        _words("shared skip-cert-verification port"),
        holds=_words("import"),
        usual=_words("import"),
    ),
}
"""By the name that `type` has in a request."""

SECRETS = frozenset({"password", "encryption-key", "keyring", "master-pubkey"})
"""Settings that go to files of their own and are never shown."""


def check_content(kind: StorageType, contents: frozenset[str]) -> None:
    """Raise 500 unless all of that may lie on a storage of the type."""
    for content in sorted(contents - kind.holds):
        raise ApiError.internal(f"storage does not support content type '{content}'")
    if "none" in contents and len(contents) > 1:
        raise ApiError.internal("unable to combine 'none' with other content types")
    if not contents and "none" not in kind.holds:
        raise ApiError.internal("storage does not support content type 'none'")
