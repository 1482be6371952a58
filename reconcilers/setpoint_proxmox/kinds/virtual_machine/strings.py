"""How a VM's network cards and drives are split and put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from setpoint_proxmox.guest.syntax import Syntax, properties, storage_of
from setpoint_proxmox.propstring import parse, render

_MODELS = frozenset(
    [
        "e1000",
        "e1000-82540em",
        "e1000-82544gc",
        "e1000-82545em",
        "e1000e",
        "i82551",
        "i82557b",
        "i82559er",
        "ne2k_isa",
        "ne2k_pci",
        "pcnet",
        "rtl8139",
        "virtio",
        "vmxnet3",
    ]
)


@dataclass(frozen=True)
class NicText:
    """A NIC: `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=10`.

    Attributes:
        mac: as written; empty when Proxmox is to choose one.
        options: every other option by name, those that we do not know included.
    """

    model: str
    mac: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> NicText:
        """Read a NIC in any of the forms that Proxmox takes.

        Raises:
            ValueError: the text is no NIC.
        """
        options = parse(text, "model")
        model = next((name for name in options if name in _MODELS), None)
        if model is not None:
            return cls(model, options.pop(model), options)
        if "model" not in options:
            raise ValueError(f"'{text}' names no model")
        return cls(options.pop("model"), options.pop("macaddr", ""), options)

    def render(self) -> str:
        """The text in the order that Proxmox prints."""
        first = {self.model: self.mac} if self.mac else {"model": self.model}
        default = "" if self.mac else "model"
        return render({**first, **self.options}, default, first=(self.model, "bridge"))

    @property
    def bridge(self) -> str | None:
        """The bridge, None when the NIC is connected to none."""
        return self.options.get("bridge")


def _split_nic(text: str) -> dict[str, str]:
    nic = NicText.parse(text)
    return {"model": nic.model, **({"macaddr": nic.mac} if nic.mac else {}), **nic.options}


def _join_nic(options: Mapping[str, str]) -> str:
    rest = {name: text for name, text in options.items() if name not in ("model", "macaddr")}
    return NicText(options["model"], options.get("macaddr", ""), rest).render()


NIC: Final = Syntax(_split_nic, _join_nic)
DRIVE: Final = properties("file", volume="file")


def is_cdrom(drive: Mapping[str, str]) -> bool:
    """Whether a drive is a CD-ROM, and not the one that cloud-init reads."""
    return drive.get("media") == "cdrom" and not is_cloudinit(drive)


def is_cloudinit(drive: Mapping[str, str]) -> bool:
    """Whether a drive is the one that cloud-init reads."""
    volume = drive.get("file", "").partition(":")[2].rpartition("/")[2]
    return volume.partition(".")[0].endswith("cloudinit")


def is_disk(drive: Mapping[str, str]) -> bool:
    """Whether a drive is a disk on a storage."""
    no_cd = drive.get("media") != "cdrom" and not is_cloudinit(drive)
    return no_cd and storage_of(drive.get("file", "")) is not None
