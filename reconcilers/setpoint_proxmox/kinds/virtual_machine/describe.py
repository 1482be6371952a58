"""What is seen of a VM as a person would declare it: the way in for VMs made by hand. Pure; turns `project` around."""

from __future__ import annotations

from setpoint.model.diff import MISSING
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.guest.describe import Said, Teller, lasting
from setpoint_proxmox.guest.untold import untold as of_guest
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.project import PASSWORD, declare, project
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState

_CLOUD = "/cloudInit"
_IMPLIED = (f"{_CLOUD}/drive", f"{_CLOUD}/current")
"""What declaring cloud-init at all declares."""
_NEVER = ("/power", PASSWORD, *_IMPLIED)


def describe(state: VmState) -> Tree:
    """The shortest spec that says all that is set on the VM; from it, nothing that is seen differs.

    Left out is what means the same unsaid, to Proxmox as to us. Left out as well is what must not be declared lest it
    be acted on: a value that another one waits to follow at the next start, a secret, whether the VM runs, and what
    a spec cannot say, such as a NIC without a bridge. Empty for a container.
    """
    if state.foreign:
        return {}
    return _short(_TELLER.tell({"/node": state.node, "/vmid": state.vmid, **_seen(state)}))


def untold(state: VmState) -> tuple[str, ...]:
    """The options that the description leaves out, and that nobody will touch."""
    return () if state.foreign else of_guest(_TELLER, state, describe(state), {"name"})


def _seen(state: VmState) -> Said:
    """Everything that is known to be in force and to stay so, without what is not to be declared."""
    seen = project(state)
    stays = lasting(seen)
    idle = any(stays.get(place) is not True for place in _IMPLIED)
    never = (*_NEVER, *seen.unseen, *([_CLOUD] if idle else []))
    return {**_TELLER.shown(stays, never), **_without_efi(stays)}


def _without_efi(stays: Said) -> Said:
    """UEFI that forgets has to be declared as such."""
    forgets = stays.get("/firmware/type") == "ovmf" and stays.get("/firmware/efi", MISSING) is None
    return {"/firmware/efi": None} if forgets else {}


def _plain(place: Pointer, value: Json) -> Json:
    """A value as a person writes it."""
    if place == "/balloon" and value == "0B":
        return False
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(tree: Tree) -> Tree:
    """The agent as a single word where one says all, or none where there is nothing to say."""
    match tree.get("agent"):
        case {"enabled": False, **others} if not others:
            return {name: value for name, value in tree.items() if name != "agent"}
        case {"enabled": True, **others} if not others:
            return {**tree, "agent": True}
        case _:
            return tree


_TELLER = Teller(VirtualMachineSpec, LAYOUT, declare, _plain)
