"""What is seen of a VM, and what of it `status` shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from setpoint.model.kind import Problem
from setpoint.model.tree import Json
from setpoint_proxmox.guest.state import GuestState, shown
from setpoint_proxmox.guest.state import problems as guest_problems
from setpoint_proxmox.guest.syntax import Syntax
from setpoint_proxmox.kinds.virtual_machine.strings import NIC
from setpoint_proxmox.propstring import parse

NO_AGENT: Final = (
    "it has no guest agent; set agent: true and run qemu-guest-agent in it, or declare host.hostKey"
)


@dataclass(frozen=True)
class VmState(GuestState):
    """A guest under a vmid; `kind` is `lxc` when a container is in the way, of which nothing else is read.

    Attributes:
        image_current: whether the cloud-init drive shows the present settings; None when that is not known, or
            there is no such drive. Passwords and addresses that somebody else changed since do not count.
        keyless: why its host key is not known although it is asked for; empty otherwise.
    """

    nic: ClassVar[Syntax] = NIC
    mac_option: ClassVar[str] = "macaddr"

    image_current: bool | None = None
    keyless: str = ""

    @property
    def configured(self) -> tuple[str, ...]:
        """The fixed addresses that cloud-init was given."""
        texts = (str(text) for key, text in sorted(self.current.items()) if _IPCONFIG.fullmatch(key))
        found = (parse(text, "ip") for text in texts)
        given = (values.get(name, "") for values in found for name in ("ip", "ip6"))
        return tuple(text.partition("/")[0] for text in given if "/" in text)

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
        **_host_key(state),
        "cloudInitImage": _IMAGE[state.image_current],
    }


def _host_key(state: VmState) -> dict[str, Json]:
    """Nothing of a guest that is no host."""
    text = f"not known: {state.keyless}" if state.keyless else state.host_key
    return {"hostKey": text} if text else {}


def problems(state: VmState) -> tuple[Problem, ...]:
    """What an admin should know although it is no difference that we correct."""
    if state.keyless != NO_AGENT:
        return guest_problems(state)
    return (
        *guest_problems(state),
        Problem("HostKeyUnknown", f"the host key of {state} is not known: {NO_AGENT}"),
    )


_IPCONFIG: Final = re.compile(r"ipconfig\d+")
_IMAGE: Mapping[bool | None, Json] = {True: "current", False: "old", None: None}
