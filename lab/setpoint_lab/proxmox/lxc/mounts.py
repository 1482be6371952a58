"""One mount point of a container as its property string says; the root file system is one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.lxc import options
from setpoint_lab.proxmox.properties import PropertyError, split_properties
from setpoint_lab.proxmox.propstring import render, size_bytes, size_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALLOCATION = re.compile(r"^([^/:\s]+):(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Mount:
    """The mount point `key` with its properties as text; `size` in bytes where it is known."""

    key: str
    properties: Mapping[str, str]
    size: int | None = None

    @classmethod
    @lru_cache(maxsize=8192)
    def parse(cls, key: str, text: str) -> Mount | None:
        """Read a property string; None when it is none."""
        try:
            found = split_properties(options.TABLE.format(key), text)
        except PropertyError:
            return None
        if "volume" not in found:
            return None
        size = found.pop("size", None)
        return cls(key, found, size_bytes(size) if size is not None else None)

    @property
    def source(self) -> str:
        """The volume, a path of the node, or an order to allocate."""
        return self.properties["volume"]

    @property
    def kind(self) -> str:
        """`volume`, `bind` for a folder of the node, `device` for one of its block devices."""
        if not self.source.startswith("/"):
            return "volume"
        return "device" if self.source.startswith("/dev/") else "bind"

    @property
    def volume(self) -> str | None:
        """The volume id, None when there is none or none yet."""
        return self.source if self.kind == "volume" and self.allocation is None else None

    @property
    def storage(self) -> str:
        """The storage that a volume or an order names."""
        return self.source.partition(":")[0]

    @property
    def allocation(self) -> tuple[str, float] | None:
        """Storage and GiB of an order to allocate, None when it is none."""
        found = _ALLOCATION.match(self.source)
        return (found[1], float(found[2])) if found else None

    def changed(self, *, size: int | None = None, **properties: str) -> Mount:
        """The mount point with other properties and with that size."""
        return Mount(self.key, {**self.properties, **properties}, size)

    def __str__(self) -> str:
        sized = {} if self.size is None else {"size": size_text(self.size)}
        return render(options.TABLE.format(self.key), {**self.properties, **sized})


def mounts(values: Mapping[str, str]) -> list[Mount]:
    """Every mount point among the options, in the order in which volumes are made."""
    found = (Mount.parse(key, values[key]) for key in options.mounts() if key in values)
    return [mount for mount in found if mount is not None]


def existing_mount(values: Mapping[str, str], key: str) -> Mount:
    """The mount point that an option holds, or the answer that there is none."""
    found = Mount.parse(key, values[key]) if key in values else None
    if found is None:
        raise ApiError.internal(f"{key} does not exist")
    return found
