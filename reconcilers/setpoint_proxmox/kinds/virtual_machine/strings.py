"""NICs and disks as Proxmox writes them. Whatever we do not manage in them is kept as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint_proxmox.propstring import is_true, parse, render
from setpoint_proxmox.sizes import parse_size

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

    @property
    def vlan(self) -> int | None:
        """The VLAN tag, None for untagged."""
        return int(self.options["tag"]) if "tag" in self.options else None

    @property
    def firewall(self) -> bool:
        """Whether it is filtered; absent means no."""
        return is_true(self.options.get("firewall", "0"))


@dataclass(frozen=True)
class DiskText:
    """A disk: `local-zfs:vm-100-disk-0,iothread=1,size=32G`."""

    volume: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> DiskText:
        """Read a drive.

        Raises:
            ValueError: the text is no drive.
        """
        options = parse(text, "file")
        volume = options.pop("file", None) or options.pop("volume", None)
        if volume is None:
            raise ValueError(f"'{text}' names no volume")
        return cls(volume, options)

    @property
    def storage(self) -> str | None:
        """The storage, None for what is no disk on one: a CD-ROM, an empty drive, a device of the node."""
        if self.options.get("media") == "cdrom" or ":" not in self.volume or self.volume.startswith("/"):
            return None
        return self.volume.partition(":")[0]

    @property
    def size(self) -> int | None:
        """Bytes, None when the text does not tell."""
        return parse_size(self.options["size"]) if "size" in self.options else None
