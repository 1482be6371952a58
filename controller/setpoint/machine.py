"""Which machine this process runs on, by the ids under which the system that holds that machine may know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

CREDENTIAL: Final = "own-uuid"
"""The systemd credential that holds the UUID of the firmware, which only root may read."""
_FIRMWARE: Final = Path("sys/class/dmi/id/product_uuid")
_MACHINE_ID: Final = Path("etc/machine-id")
"""On a virtual machine without one, systemd makes it of the UUID of the firmware."""
_UUID = re.compile(r"[0-9a-f]{32}")


def own_ids(env: Mapping[str, str], root: Path = Path("/")) -> frozenset[str]:
    """Every id that can be read, as `plain_id` writes them; empty when none can be."""
    folder = env.get("CREDENTIALS_DIRECTORY")
    places = [root / _FIRMWARE, root / _MACHINE_ID, *([Path(folder) / CREDENTIAL] if folder else [])]
    found: set[str] = set()
    for place in places:
        with suppress(OSError, UnicodeDecodeError):
            found.add(plain_id(place.read_text(encoding="ascii")))
    return frozenset(found - {""})


def plain_id(text: str) -> str:
    """A UUID without dashes in lower case; empty for what is none, or is the same on many machines."""
    plain = text.strip().replace("-", "").lower()
    return plain if _UUID.fullmatch(plain) and len(set(plain)) > 1 else ""
