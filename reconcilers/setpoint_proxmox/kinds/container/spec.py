"""What a person writes about a container. Only what was written is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import StringConstraints, model_validator

from setpoint.model.handed import FromOutput
from setpoint.model.secret import SecretRef
from setpoint.model.spec import described
from setpoint_proxmox.guest.clone_spec import Clone
from setpoint_proxmox.guest.size_spec import ContainerCores, MemoryOrPart
from setpoint_proxmox.guest.spec import GuestSpec, Mebibytes, Power, PublicKeys
from setpoint_proxmox.guest.texts import DOMAIN, VOLUME, NicSlot, Server
from setpoint_proxmox.kinds.container.spec_option import Console, ContainerNic, Cpu, Features
from setpoint_proxmox.kinds.container.spec_volume import (
    BindMount,
    Device,
    DeviceSlot,
    MountPoint,
    MountSlot,
    RootFs,
)
from setpoint_proxmox.sizes import MIB

__all__ = ["ContainerSpec", "Power"]

DEFAULT_MEMORY: Final = 512 * MIB
_OS = "^(debian|devuan|ubuntu|centos|fedora|opensuse|archlinux|alpine|gentoo|nixos|unmanaged)$"
_ZONE = r"^(host|[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2})$"


class ContainerSpec(GuestSpec):
    """A Linux container, made from a template, or as a clone."""

    also_called: ClassVar[Mapping[str, str]] = {
        **GuestSpec.also_called,
        "ostemplate": "template",
        "image": "template",
        "mounts": "mountPoints",
        "mp": "mountPoints",
        "volumes": "mountPoints",
        "disk": "rootfs",
        "nameserver": "nameservers",
        "searchdomain": "searchDomains",
        "ssh-public-keys": "sshKeys",
    }

    template: str | None = described(
        "Volume of the template that it is made from; looked at when it is made, never later.",
        None,
        pattern=VOLUME,
        examples=["local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"],
    )
    clone: Clone | None = described(
        "What the container begins as a copy of, instead of a template's archive; the copy keeps the password and the "
        "keys of its source.",
        None,
    )
    unprivileged: bool = described(
        "Whether its root is an ordinary user of the node; fixed for life.", default=True
    )
    rootfs: RootFs | None = described("Volume that the container itself is on; a new one needs it.", None)
    cores: ContainerCores | None = described(
        "Number of CPU cores that it sees, or the part of its node's processors that they are; null for all of the node.",
        None,
        examples=[2, "25%"],
    )
    cpu: Cpu = described("How much of the processors it may use.", default_factory=Cpu)
    memory: MemoryOrPart = described(
        "Memory, a multiple of 1MiB, at least 16MiB, or the part of its node's memory that it is.",
        DEFAULT_MEMORY,
        examples=["512MiB", "25%"],
        json_schema_extra={"default": "512MiB"},
    )
    swap: Mebibytes = described("Swap beside the memory, a multiple of 1MiB.", 512 * MIB, examples=["512MiB"])
    mount_points: dict[MountSlot, MountPoint] = described(
        "Further volumes by slot: mp0-255. One that is declared no more is detached and kept.",
        default_factory=dict,
    )
    bind_mounts: dict[MountSlot, BindMount] = described(
        "Folders of the node by slot: mp0-255. Only root with a password may set one.", default_factory=dict
    )
    devices: dict[DeviceSlot, Device] = described(
        "Devices of the node by slot: dev0-255. Only root with a password may set one.", default_factory=dict
    )
    nics: dict[NicSlot, ContainerNic] = described("Network cards by slot: net0-net31.", default_factory=dict)
    nameservers: tuple[Server | FromOutput, ...] = described(
        "DNS servers, first asked first; empty for the node's. `{from: KIND/NAME, output: PATH}` takes what another "
        "resource publishes.",
        (),
        examples=[["192.0.2.53"]],
    )
    search_domains: tuple[Annotated[str, StringConstraints(pattern=DOMAIN)], ...] = described(
        "DNS search domains in their order; empty for the node's.", (), examples=[["example.org"]]
    )
    features: Features = described("What goes beyond a plain container.", default_factory=Features)
    console: Console = described("The console that Proxmox shows.", default_factory=Console)
    os_type: str | None = described(
        "Distribution, which tells Proxmox how to set it up inside; null for the template's own.",
        None,
        pattern=_OS,
        examples=["nixos"],
    )
    time_zone: str | None = described(
        "Time zone inside, or host for the node's; null to leave it alone.",
        None,
        pattern=_ZONE,
        examples=["Europe/Berlin"],
    )
    entrypoint: str | None = described(
        "Command that is run as init; null for /sbin/init.", None, pattern=r"^[^\x00-\x1f\x7f]+$"
    )
    password: SecretRef | None = described(
        "Where the password of root is found; set when the container is made, never later.", None
    )
    ssh_keys: PublicKeys = described(
        "Public keys that may log in as root; set when the container is made, never later.", ()
    )

    @model_validator(mode="after")
    def _consistent(self) -> ContainerSpec:
        for why in (*self._beginnings(), *self._twice(), *self._same_names(), *self._quotas()):
            raise ValueError(why)
        return self

    def _beginnings(self) -> tuple[str, ...]:
        if self.clone is None:
            return ()
        given = {"template": self.template, "password": self.password, "sshKeys": self.ssh_keys}
        both = sorted(name for name, value in given.items() if value)
        return (f"a clone is its source's copy; leave out {', '.join(both)}, or clone",) if both else ()

    def _twice(self) -> tuple[str, ...]:
        both = sorted(self.mount_points.keys() & self.bind_mounts.keys())
        found = [f"slot {slot} is declared twice; choose another one for the bind mount" for slot in both]
        mounts: dict[str, BindMount | MountPoint] = {**self.bind_mounts, **self.mount_points}
        paths = [mounts[slot].path for slot in sorted(mounts)]
        again = sorted({path for path in paths if paths.count(path) > 1})
        return (*found, *(f"{path} is mounted twice; choose another path for one of them" for path in again))

    def _same_names(self) -> tuple[str, ...]:
        names = [nic.name or f"eth{slot[3:]}" for slot, nic in sorted(self.nics.items())]
        again = sorted({name for name in names if names.count(name) > 1})
        return tuple(f"two network cards are called {name}; name one otherwise" for name in again)

    def _quotas(self) -> tuple[str, ...]:
        volumes = [*self.mount_points.values(), *([self.rootfs] if self.rootfs is not None else [])]
        if self.unprivileged and any(volume.quota for volume in volumes):
            return ("quotas exist only in a privileged container; leave quota out",)
        return ()
