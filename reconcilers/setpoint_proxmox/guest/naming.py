"""How guests are called and by what they are told apart, the same for both types."""

from __future__ import annotations

import re
from typing import Final

from setpoint.model.identity import Identity

_VMID = re.compile(r"[1-9][0-9]{2,8}")
_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"

NAMES: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
"""Host names, for Proxmox takes no other."""


def identity_of(text: str) -> Identity | None:
    """The ids of the guest that a person names by its vmid; None when the text is none."""
    return {"vmid": int(text)} if _VMID.fullmatch(text) else None


def object_id(identity: Identity) -> str:
    """What the mark names."""
    return str(identity["vmid"])
