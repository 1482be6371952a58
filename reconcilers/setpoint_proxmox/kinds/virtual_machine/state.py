"""What is seen of a VM, and what of it `status` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from setpoint.model.tree import Json
from setpoint_proxmox.guest.state import GuestState, shown
from setpoint_proxmox.guest.syntax import Syntax
from setpoint_proxmox.kinds.virtual_machine.strings import NIC
from setpoint_proxmox.propstring import parse


@dataclass(frozen=True)
class VmState(GuestState):
    """A guest under a vmid; `kind` is `lxc` when a container is in the way, of which nothing else is read.

    Attributes:
        image_current: whether the cloud-init drive shows the present settings; None when that is not known, or
            there is no such drive. Passwords and addresses that somebody else changed since do not count.
    """

    nic: ClassVar[Syntax] = NIC
    mac_option: ClassVar[str] = "macaddr"

    image_current: bool | None = None

    @property
    def uuid(self) -> str:
        """What its firmware says; no other guest of the cluster ever has it, a clone gets a new one."""
        text = str(self.current.get("smbios1") or "")
        return parse(text, "uuid").get("uuid", "") if text else ""


def status(state: VmState) -> dict[str, Json]:
    """What `status` shows."""
    if state.foreign:
        return {"vmid": state.vmid, "node": state.node, "container": True}
    return {
        **shown(state),
        "guestAgent": state.silence or None,
        "cloudInitImage": _IMAGE[state.image_current],
    }


_IMAGE: Mapping[bool | None, Json] = {True: "current", False: "old", None: None}
