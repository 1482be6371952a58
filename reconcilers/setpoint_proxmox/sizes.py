"""Sizes as Proxmox writes them: MiB for memory, GiB to allocate a disk, `32G` inside a disk's string."""

from __future__ import annotations

import re
from decimal import Decimal

from setpoint.model.tree import Json

MIB = 1 << 20
GIB = 1 << 30

_UNITS = {"": 1, "K": 1 << 10, "M": MIB, "G": GIB, "T": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)")


def parse_size(text: str) -> int:
    """Bytes of `32G`, `3584M` or `0.5G`.

    Raises:
        ValueError: the text is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no size of a disk")
    return int(Decimal(match[1]) * _UNITS[match[2]])


def resize_text(size: int) -> str:
    """The absolute size for a resize call, in the largest unit that is exact; `size` is a multiple of 1 MiB."""
    unit = next(unit for unit in "TGM" if size % _UNITS[unit] == 0)
    return f"{size // _UNITS[unit]}{unit}"


def allocation_text(size: int) -> str:
    """The number of GiB that allocates a disk of `size` bytes, exact: `0.5` for 512 MiB."""
    text = format(Decimal(size) / GIB, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def memory_bytes(raw: Json) -> int:
    """Bytes of a VM's `memory`, which is a text of MiB and may be written `current=512`.

    Raises:
        ValueError: the text is no number.
    """
    return int(str(raw).removeprefix("current=")) * MIB
