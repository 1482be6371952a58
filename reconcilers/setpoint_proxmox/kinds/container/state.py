"""What is seen of a container, and what of it `status` shows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from setpoint.model.tree import Json
from setpoint_proxmox.guest.state import Config, GuestState, shown
from setpoint_proxmox.guest.words import CONTAINER, Words
from setpoint_proxmox.kinds.container.strings import NIC


@dataclass(frozen=True)
class CtState(GuestState):
    """A guest under a vmid; `kind` is `qemu` when a virtual machine is in the way, of which nothing else is read."""

    words: ClassVar[Words] = CONTAINER
    name_option: ClassVar[str] = "hostname"

    kind: str = CONTAINER.path

    @property
    def unprivileged(self) -> bool:
        """Whether its root is an ordinary user of the node."""
        return str(self.current.get("unprivileged") or "0") == "1"


def status(state: CtState) -> dict[str, Json]:
    """What `status` shows."""
    if state.foreign:
        return {"vmid": state.vmid, "node": state.node, "virtualMachine": True}
    return {**shown(state, macs(state.current)), "inside": state.silence or None}


def macs(config: Config) -> dict[str, str]:
    """The MAC address of every NIC that has one and can be read, by its slot."""
    found: dict[str, str] = {}
    for slot, text in sorted(config.items()):
        with suppress(ValueError, KeyError):
            if is_nic_slot(slot):
                found[slot] = NIC.split(str(text))["hwaddr"].upper()
    return found


def is_nic_slot(option: str) -> bool:
    """Whether an option of a configuration is a NIC."""
    return option.startswith("net") and option[3:].isdigit()
