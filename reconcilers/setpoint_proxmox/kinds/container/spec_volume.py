"""What a person writes about everything that holds files of a container, and about devices of the node."""

from __future__ import annotations

import posixpath
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, field_validator, model_validator

from setpoint.model.quantity import Bytes
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NEW, STORAGE, VOLUME
from setpoint_proxmox.sizes import MIB

_GRAIN = 4 * MIB
_PATH = r"^/[^,\s\x00]*$"

MountSlot = Annotated[
    str, StringConstraints(pattern=r"^mp([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$")
]
"""Which mount point: mp0-255."""

DeviceSlot = Annotated[
    str, StringConstraints(pattern=r"^dev([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$")
]
"""Which device: dev0-255."""


def path(value: str) -> str:
    """An absolute path without anything superfluous.

    Raises:
        ValueError: it leads up somewhere.
    """
    if ".." in value.split("/"):
        raise ValueError(f"'{value}' leads up; write the path that is meant")
    return "/" + posixpath.normpath(value).lstrip("/")


Path = Annotated[str, StringConstraints(pattern=_PATH), AfterValidator(path)]


class MountOption(StrEnum):
    """What a file system is mounted with."""

    DISCARD = "discard"
    LAZYTIME = "lazytime"
    NOATIME = "noatime"
    NODEV = "nodev"
    NOEXEC = "noexec"
    NOSUID = "nosuid"


class Volume(Spec):
    """A volume that belongs to the container."""

    storage: str = described(
        "Storage that the volume lies on; looked at when it is made.", pattern=STORAGE, examples=["local-zfs"]
    )
    size: Bytes = described(
        "Size of the volume, a multiple of 4MiB because some storages round up to it; it can grow, never shrink.",
        examples=["8GiB"],
    )
    mount_options: tuple[MountOption, ...] = described(
        "What it is mounted with, without order.", (), examples=[["noatime"]]
    )
    acl: bool | None = described("Whether it has access control lists; null for the storage's own.", None)
    quota: bool = described("Whether users have quotas on it; only in a privileged container.", default=False)
    replicate: bool = described("Whether replication copies the volume.", default=True)

    @field_validator("size")
    @classmethod
    def _whole(cls, value: int) -> int:
        if not value or value % _GRAIN:
            raise ValueError(
                "a volume's size is a multiple of 4MiB, so that every storage can hold exactly it"
            )
        return value

    @field_validator("mount_options")
    @classmethod
    def _sorted(cls, value: tuple[MountOption, ...]) -> tuple[MountOption, ...]:
        return tuple(sorted(set(value)))


class RootFs(Volume):
    """The volume that the container itself is on."""


class MountPoint(Volume):
    """A further volume of the container."""

    path: Path = described("Where it is mounted in the container.", examples=["/var/lib/postgresql"])
    volume: str | None = described(
        f"Detached volume of this container to attach when the slot is empty; '{NEW}' makes an empty one although a "
        "detached volume lies on the storage.",
        None,
        pattern=f"{VOLUME}|^{NEW}$",
        examples=["local-zfs:subvol-101-disk-1"],
    )
    backup: bool = described("Whether backups contain the volume.", default=False)
    read_only: bool = described("Whether the container can only read it.", default=False)

    @model_validator(mode="after")
    def _elsewhere(self) -> MountPoint:
        if self.path == "/":
            raise ValueError("the root of the container is rootfs; write another path")
        return self


class BindMount(Spec):
    """A folder of the node that the container sees. Only root with a password may set it."""

    source: Path = described("Folder on the node.", examples=["/srv/media"])
    path: Path = described("Where it is seen in the container.", examples=["/media"])
    read_only: bool = described("Whether the container can only read it.", default=False)
    shared: bool = described("Whether every node has the same folder.", default=False)


class Device(Spec):
    """A device of the node that the container may use. Only root with a password may set it."""

    path: str = described(
        "Device on the node.", pattern=r"^/dev/[^,\s\x00]+$", examples=["/dev/dri/renderD128"]
    )
    mode: str | None = described("Access mode in octal; null for 0660.", None, pattern=r"^0[0-7]{3}$")
    uid: int | None = described("User that owns it in the container; null for root.", None, ge=0)
    gid: int | None = described("Group that owns it in the container; null for root.", None, ge=0)
    deny_write: bool = described("Whether the container can only read it.", default=False)
