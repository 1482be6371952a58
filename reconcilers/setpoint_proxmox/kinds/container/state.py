"""What is seen of a container, and what of it `status` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from setpoint.model.tree import Json
from setpoint_proxmox.guest.state import GuestState, shown
from setpoint_proxmox.guest.syntax import Syntax
from setpoint_proxmox.guest.words import CONTAINER, Words
from setpoint_proxmox.kinds.container.strings import NIC


@dataclass(frozen=True)
class CtState(GuestState):
    """A guest under a vmid; `kind` is `qemu` when a virtual machine is in the way, of which nothing else is read."""

    words: ClassVar[Words] = CONTAINER
    name_option: ClassVar[str] = "hostname"
    nic: ClassVar[Syntax] = NIC
    mac_option: ClassVar[str] = "hwaddr"

    kind: str = CONTAINER.path

    @property
    def unprivileged(self) -> bool:
        """Whether its root is an ordinary user of the node."""
        return str(self.current.get("unprivileged") or "0") == "1"


def status(state: CtState) -> dict[str, Json]:
    """What `status` shows."""
    if state.foreign:
        return {"vmid": state.vmid, "node": state.node, "virtualMachine": True}
    return {**shown(state), "inside": state.silence or None}
