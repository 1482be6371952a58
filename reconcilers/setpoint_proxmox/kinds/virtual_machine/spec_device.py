"""What a person writes about processors, network cards and everything else that is plugged in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints, field_validator, model_validator

from setpoint.model.quantity import Bytes
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import BRIDGE, MAPPING, WORD, Mac, Trunk
from setpoint_proxmox.sizes import MIB

_PCI = r"^([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(\.[0-9a-fA-F])?(;([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(\.[0-9a-fA-F])?)*$"
_USB = r"^(spice|[0-9a-fA-F]{4}:[0-9a-fA-F]{4}|[0-9]+-[0-9]+(\.[0-9]+)*)$"


class Cpu(Spec):
    """What the guest sees of the processor, and how much it may use of it."""

    type: str = described(
        "Processor that the guest sees: host, x86-64-v2-AES, kvm64 or another of QEMU's, or custom-NAME.",
        "x86-64-v2-AES",
        pattern=WORD,
    )
    flags: tuple[Annotated[str, StringConstraints(pattern=r"^[+-][a-z0-9._-]+$")], ...] = described(
        "Features added with + or taken away with -, without order.", (), examples=[["+aes", "-pcid"]]
    )
    hidden: bool = described("Whether the guest is not told that it is virtual.", default=False)
    limit: float | None = described(
        "Cores' worth of time that it may use in all; null for no limit.", None, gt=0, le=128
    )
    units: int = described("Weight against other guests when the node is busy.", 100, ge=1, le=262144)
    affinity: str | None = described(
        "Cores of the node that it may use, e.g. '0-3,8'; null for all. Only root with a password may set it.",
        None,
        pattern=r"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$",
    )


class NicModel(StrEnum):
    """The hardware that a NIC imitates."""

    VIRTIO = "virtio"
    E1000 = "e1000"
    E1000_82540EM = "e1000-82540em"
    E1000_82544GC = "e1000-82544gc"
    E1000_82545EM = "e1000-82545em"
    E1000E = "e1000e"
    I82551 = "i82551"
    I82557B = "i82557b"
    I82559ER = "i82559er"
    NE2K_ISA = "ne2k_isa"
    NE2K_PCI = "ne2k_pci"
    PCNET = "pcnet"
    RTL8139 = "rtl8139"
    VMXNET3 = "vmxnet3"


class Nic(Spec):
    """A network card."""

    bridge: str = described(
        "Bridge or SDN vnet that the NIC is connected to.", pattern=BRIDGE, examples=["vmbr0"]
    )
    model: NicModel = described("Hardware that the NIC imitates.", NicModel.VIRTIO)
    mac: Mac | None = described(
        "MAC address in hex with colons; without it Proxmox chooses one, which is then kept.",
        None,
        examples=["BC:24:11:00:00:01"],
    )
    vlan: int | None = described("VLAN tag, 1-4094; null for untagged.", None, ge=1, le=4094)
    trunks: tuple[Trunk, ...] = described(
        "VLANs that reach the guest tagged, one or a range each.", (), examples=[["10", "20-30"]]
    )
    firewall: bool = described("Whether Proxmox's firewall filters the NIC.", default=False)
    rate: float | None = described(
        "MB per second that it may send and receive; null for no limit.", None, gt=0
    )
    mtu: int | None = described(
        "MTU in bytes; 1 for the bridge's, null for 1500. Only on virtio.", None, ge=1, le=65520
    )
    queues: int | None = described(
        "Queues, best as many as cores; null for one. Only on virtio.", None, ge=1, le=64
    )
    connected: bool = described("Whether its cable is plugged in.", default=True)


class Pci(Spec):
    """A PCI device of the node."""

    device: str | None = described(
        "Address on the node, e.g. 0000:01:00 or 0000:01:00.0. Only root with a password may set it: "
        "a token needs a mapping instead.",
        None,
        pattern=_PCI,
    )
    mapping: str | None = described(
        "Name of a resource mapping of the cluster; the token needs Mapping.Use on it.", None, pattern=MAPPING
    )
    pcie: bool = described("Whether it shows as PCI Express; only with machine q35.", default=False)
    primary_gpu: bool = described("Whether it is the guest's screen.", default=False)
    rom_bar: bool = described("Whether the guest sees the device's ROM.", default=True)
    mediated_device: str | None = described(
        "Type of a mediated device, e.g. nvidia-660; null for none.", None, pattern=WORD
    )

    @model_validator(mode="after")
    def _one(self) -> Pci:
        _check_source(self.device, self.mapping)
        return self


class Usb(Spec):
    """A USB device of the node, or one of the viewer's."""

    device: str | None = described(
        "Id 1234:abcd, port 1-2.3, or spice for what the viewer passes on. Only root with a password may set an "
        "id or a port: a token needs a mapping instead.",
        None,
        pattern=_USB,
    )
    mapping: str | None = described(
        "Name of a resource mapping of the cluster; the token needs Mapping.Use on it.", None, pattern=MAPPING
    )
    usb3: bool = described("Whether it is plugged into a USB 3 port.", default=False)

    @model_validator(mode="after")
    def _one(self) -> Usb:
        _check_source(self.device, self.mapping)
        return self


class Vga(Spec):
    """The screen."""

    type: str = described(
        "Card that is imitated: std, virtio, qxl, cirrus, vmware, serial0-3 or none.",
        "std",
        pattern=r"^(std|virtio|virtio-gl|qxl[234]?|cirrus|vmware|serial[0-3]|none)$",
    )
    memory: Bytes | None = described(
        "Memory of the card, 4MiB-512MiB; null for its usual size.", None, examples=["32MiB"]
    )

    @field_validator("memory")
    @classmethod
    def _fits(cls, value: int | None) -> int | None:
        if value is not None and (value % MIB or not 4 * MIB <= value <= 512 * MIB):
            raise ValueError("the card's memory is a multiple of 1MiB from 4MiB to 512MiB")
        return value


class Rng(Spec):
    """A source of random numbers."""

    source: str = described(
        "Where the node takes them from. Only root with a password may take /dev/hwrng.",
        "/dev/urandom",
        pattern=r"^/dev/(urandom|random|hwrng)$",
    )
    max_bytes: Bytes | None = described("Bytes per period; null for 1KiB.", None, examples=["1KiB"])
    period: int | None = described("Period in milliseconds; null for 1000.", None, ge=1)


class WatchdogAction(StrEnum):
    """What happens to a guest that does not report."""

    RESET = "reset"
    SHUTDOWN = "shutdown"
    POWEROFF = "poweroff"
    PAUSE = "pause"
    DEBUG = "debug"
    NONE = "none"


class Watchdog(Spec):
    """A timer that the guest must keep from running out."""

    model: str = described("Timer that is imitated.", "i6300esb", pattern=r"^(i6300esb|ib700)$")
    action: WatchdogAction | None = described("What happens when it runs out; null for reset.", None)


class Audio(Spec):
    """A sound card."""

    device: str = described(
        "Card that is imitated.", "ich9-intel-hda", pattern=r"^(ich9-intel-hda|intel-hda|AC97)$"
    )
    driver: str = described("Where the sound goes.", "spice", pattern=r"^(spice|none)$")


class AgentType(StrEnum):
    """How the agent is reached."""

    VIRTIO = "virtio"
    ISA = "isa"


class Agent(Spec):
    """The guest's agent of QEMU."""

    enabled: bool = described("Whether the guest runs the agent.", default=True)
    fstrim_cloned_disks: bool = described("Whether disks are trimmed after a clone or move.", default=False)
    freeze: bool = described("Whether file systems are frozen for a backup.", default=True)
    type: AgentType = described("The port that the agent listens on.", AgentType.VIRTIO)


def _check_source(device: str | None, mapping: str | None) -> None:
    if (device is None) == (mapping is None):
        raise ValueError("write exactly one of device and mapping")
