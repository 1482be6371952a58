"""What names and numbers of Proxmox look like; nothing that passes can smuggle in another option."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

NODE = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"
STORAGE = r"^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$"
BRIDGE = r"^[A-Za-z][A-Za-z0-9_.-]{0,14}$"
POOL = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,2}$"
VOLUME = r"^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]:[^,\s]+$"
MAPPING = r"^[A-Za-z][A-Za-z0-9_-]+$"
WORD = r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$"
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"

NEW = "new"
"""In place of a volume: make an empty one, whatever lies detached."""

DISK_SLOT = r"scsi([0-9]|[12][0-9]|30)|virtio([0-9]|1[0-5])|sata[0-5]|ide[0-3]"
NIC_SLOT = r"net([0-9]|[12][0-9]|3[01])"
PCI_SLOT = r"hostpci([0-9]|1[0-5])"
USB_SLOT = r"usb([0-9]|1[0-3])"

DiskSlot = Annotated[str, StringConstraints(pattern=f"^({DISK_SLOT})$")]
"""Where a disk is attached: scsi0-30, virtio0-15, sata0-5 or ide0-3."""

CdromSlot = Annotated[str, StringConstraints(pattern=r"^(scsi([0-9]|[12][0-9]|30)|sata[0-5]|ide[0-3])$")]
"""Where a CD-ROM is attached: scsi0-30, sata0-5 or ide0-3."""

NicSlot = Annotated[str, StringConstraints(pattern=f"^{NIC_SLOT}$")]
"""Where a NIC is attached: net0-31."""

PciSlot = Annotated[str, StringConstraints(pattern=f"^{PCI_SLOT}$")]
"""Where a PCI device is attached: hostpci0-15."""

UsbSlot = Annotated[str, StringConstraints(pattern=f"^{USB_SLOT}$")]
"""Where a USB device is attached: usb0-13."""

SerialSlot = Annotated[str, StringConstraints(pattern=r"^serial[0-3]$")]
"""Which serial port: serial0-3."""

BootSlot = Annotated[str, StringConstraints(pattern=f"^({DISK_SLOT}|{NIC_SLOT}|{PCI_SLOT}|{USB_SLOT})$")]
"""What can be booted from: a disk, CD-ROM, NIC, PCI or USB device."""

_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
_TRUNK = re.compile(r"(\d+)(?:-(\d+))?")
_LAST_VLAN = 4094


def unicast(value: str) -> str:
    """A MAC address in capitals.

    Raises:
        ValueError: it is none, or one of a group.
    """
    mac = value.upper()
    if not _MAC.fullmatch(mac):
        raise ValueError(f"'{value}' is no MAC address; write six hex pairs with colons")
    if int(mac[:2], 16) & 1:
        raise ValueError(f"'{value}' is a multicast address; the first pair must be even")
    return mac


def trunk(value: str | int) -> str:
    """A VLAN or a range of them, `10` or `20-30`.

    Raises:
        ValueError: it is none.
    """
    match = _TRUNK.fullmatch(str(value))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= _LAST_VLAN:
        raise ValueError(f"'{value}' is no VLAN; write 1-{_LAST_VLAN}, e.g. '10' or '20-30'")
    return str(value)


def interface(value: str, version: int, *words: str) -> str:
    """An address with its prefix length in its usual form, or one of `words`.

    Raises:
        ValueError: it is neither.
    """
    if value in words:
        return value
    example = "192.0.2.10/24" if version == 4 else "2001:db8::10/64"  # noqa: PLR2004  # IP's version
    try:
        found = ipaddress.ip_interface(value)
    except ValueError:
        found = None
    if found is None or found.version != version or "/" not in value:
        allowed = " or ".join([f"an address with its prefix length such as {example}", *words])
        raise ValueError(f"'{value}' is no IPv{version} setting; write {allowed}")
    return str(found)


def address(value: str, version: int | None = None) -> str:
    """An IP address in its usual form.

    Raises:
        ValueError: it is none.
    """
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        found = None
    if found is None or version not in (None, found.version):
        kind = "IP" if version is None else f"IPv{version}"
        raise ValueError(f"'{value}' is no {kind} address; write it without a prefix length")
    return str(found)


Mac = Annotated[str, AfterValidator(unicast)]
Trunk = Annotated[str | int, AfterValidator(trunk)]
Ipv4 = Annotated[str, AfterValidator(lambda value: interface(value, 4, "dhcp"))]
Ipv6 = Annotated[str, AfterValidator(lambda value: interface(value, 6, "dhcp", "auto"))]
Gateway4 = Annotated[str, AfterValidator(lambda value: address(value, 4))]
Gateway6 = Annotated[str, AfterValidator(lambda value: address(value, 6))]
Server = Annotated[str, AfterValidator(address)]
ContainerIpv4 = Annotated[str, AfterValidator(lambda value: interface(value, 4, "dhcp", "manual"))]
ContainerIpv6 = Annotated[str, AfterValidator(lambda value: interface(value, 6, "dhcp", "auto", "manual"))]
