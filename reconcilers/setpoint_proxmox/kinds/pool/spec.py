"""What people declare of a pool. Who is in it is said by the guests themselves, in their `pool`."""

from __future__ import annotations

from typing import Final

from setpoint.model.spec import Spec, described

_PART: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,59}"
PATTERN: Final = rf"{_PART}(/{_PART}){{0,2}}"
"""How Proxmox names pools: up to three levels."""


class PoolSpec(Spec):
    """A pool."""

    pool: str | None = described(
        "The pool's id in Proxmox, `parent/child` for one below another; the resource's name when left out.",
        None,
        pattern=f"^{PATTERN}$",
        examples=["customers/anna"],
    )
    comment: str | None = described("What people read beside it. Our mark is kept below.", None)
    storages: tuple[str, ...] | None = described(
        "All storages that belong to it; left out, they are left alone.", None, examples=[["local-zfs"]]
    )
