"""What the options of a VM need on its node: bridges of its NICs, storages of its new drives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from setpoint.model.tree import Scalar
from setpoint_proxmox.guest.state import is_nic_slot
from setpoint_proxmox.kinds.virtual_machine.strings import NicText

_DRIVE = re.compile(r"(scsi|virtio|sata|ide|efidisk|tpmstate)\d+")
_NEW = re.compile(r"(?P<storage>[^:/,]+):(\d+(\.\d+)?|cloudinit)(,.*)?")
"""The text of a drive that Proxmox allocates."""


def bridges(config: Mapping[str, Scalar]) -> frozenset[str]:
    """The bridges that NICs are to be connected to."""
    nics = [NicText.parse(str(text)) for option, text in config.items() if is_nic_slot(option)]
    return frozenset(nic.bridge for nic in nics if nic.bridge is not None)


def storages(config: Mapping[str, Scalar]) -> frozenset[str]:
    """The storages on which drives are made."""
    drives = [str(text) for option, text in config.items() if _DRIVE.fullmatch(option)]
    return frozenset(match["storage"] for text in drives if (match := _NEW.fullmatch(text)) is not None)
