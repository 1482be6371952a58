"""What is seen of a container as a person would declare it: the way in for those made by hand. Pure."""

from __future__ import annotations

from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.guest.describe import Teller, lasting
from setpoint_proxmox.guest.untold import untold as of_guest
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.project import PASSWORD, declare, project
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState

_NEVER = ("/power", PASSWORD, "/osType")
"""The distribution is found out by Proxmox, from the template."""


def describe(state: CtState) -> Tree:
    """The shortest spec that says all that is set on the container; from it, nothing that is seen differs.

    Left out is what means the same unsaid, what must not be declared lest it be acted on, such as a value that
    another one waits to follow at the next start, and what a spec cannot say. Empty for a virtual machine.
    """
    if state.foreign:
        return {}
    seen = project(state)
    usual = ("/unprivileged",) if state.unprivileged else ()
    said = _TELLER.shown(lasting(seen), (*_NEVER, *usual, *seen.unseen))
    return _TELLER.tell({"/node": state.node, "/vmid": state.vmid, **said})


def untold(state: CtState) -> tuple[str, ...]:
    """The options that the description leaves out, and that nobody will touch."""
    return (
        ()
        if state.foreign
        else of_guest(_TELLER, state, describe(state), {"hostname", "ostype", "unprivileged"})
    )


def _plain(_: Pointer, value: Json) -> Json:
    """A value as a person writes it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_TELLER = Teller(ContainerSpec, LAYOUT, declare, _plain)
