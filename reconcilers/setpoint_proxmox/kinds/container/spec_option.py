"""What a person writes about processors, network cards, features and the console of a container."""

from __future__ import annotations

from enum import StrEnum

from pydantic import field_validator, model_validator

from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.handed import FromPool4, FromPool6
from setpoint_proxmox.guest.texts import (
    BRIDGE,
    ContainerIpv4,
    ContainerIpv6,
    Gateway4,
    Gateway6,
    Mac,
    Trunk,
)


class Cpu(Spec):
    """How much of the node's processors the container may use."""

    limit: float | None = described(
        "Cores' worth of time that it may use in all; null for no limit.", None, gt=0, le=8192
    )
    units: int = described("Weight against other guests when the node is busy.", 100, ge=1, le=10000)


class Features(Spec):
    """What goes beyond a plain container. Everything but nesting only root with a password may set."""

    nesting: bool = described(
        "Whether containers can run inside, and systemd as it should; an API token may set it.", default=False
    )
    keyctl: bool = described("Whether the keyctl call is allowed, e.g. for Docker.", default=False)
    fuse: bool = described("Whether FUSE file systems can be mounted.", default=False)
    mknod: bool = described("Whether some device nodes can be made.", default=False)
    force_rw_sys: bool = described("Whether /sys can be written in an unprivileged container.", default=False)
    mount: tuple[str, ...] = described(
        "File systems that can be mounted inside, without order.", (), examples=[["nfs", "cifs"]]
    )

    @field_validator("mount")
    @classmethod
    def _sorted(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.replace("_", "").isalnum():
                raise ValueError(f"'{name}' is no file system; write a name such as nfs")
        return tuple(sorted(set(value)))


class ContainerNic(Spec):
    """A network card; its addresses are set up in the container by Proxmox."""

    bridge: str = described(
        "Bridge or SDN vnet that the NIC is connected to.", pattern=BRIDGE, examples=["vmbr0"]
    )
    name: str | None = described(
        "Name inside the container; eth0 for net0 and so on when left out.",
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{1,14}$",
        examples=["eth0"],
    )
    mac: Mac | None = described(
        "MAC address in hex with colons; without it Proxmox chooses one, which is then kept.",
        None,
        examples=["BC:24:11:00:00:01"],
    )
    ipv4: ContainerIpv4 | FromPool4 | None = described(
        "Address with prefix length, dhcp, manual, or `{pool: NAME}` for one of an AddressPool; null for none.",
        None,
        examples=["192.0.2.10/24", {"pool": "lan"}],
    )
    gateway4: Gateway4 | None = described("IPv4 gateway; null for none.", None)
    ipv6: ContainerIpv6 | FromPool6 | None = described(
        "Address with prefix length, dhcp, auto, manual, or `{pool: NAME}` for one of an AddressPool; null for none.",
        None,
    )
    gateway6: Gateway6 | None = described("IPv6 gateway; null for none.", None)
    vlan: int | None = described("VLAN tag, 1-4094; null for untagged.", None, ge=1, le=4094)
    trunks: tuple[Trunk, ...] = described(
        "VLANs that reach the container tagged, one each.", (), examples=[["10", "20"]]
    )
    firewall: bool = described("Whether Proxmox's firewall filters the NIC.", default=False)
    rate: float | None = described(
        "MB per second that it may send and receive; null for no limit.", None, gt=0
    )
    mtu: int | None = described("MTU in bytes; null for the bridge's.", None, ge=64, le=65535)
    connected: bool = described("Whether its cable is plugged in.", default=True)

    @model_validator(mode="after")
    def _reachable(self) -> ContainerNic:
        for version, own, gateway in ((4, self.ipv4, self.gateway4), (6, self.ipv6, self.gateway6)):
            plain = own is None or (isinstance(own, str) and "/" not in own and own != "manual")
            if gateway is not None and plain:
                raise ValueError(f"gateway{version} needs an address of its own in ipv{version}")
        return self


class ConsoleMode(StrEnum):
    """What the console shows."""

    TTY = "tty"
    CONSOLE = "console"
    SHELL = "shell"


class Console(Spec):
    """The console that Proxmox shows."""

    enabled: bool = described("Whether the container has a console device.", default=True)
    ttys: int = described("Number of terminals to log in at.", 2, ge=0, le=6)
    mode: ConsoleMode = described(
        "tty for a terminal, console for the console device, shell for a shell without a login.",
        ConsoleMode.TTY,
    )
