"""Declaration and state of a resource of high availability as one comparable tree."""

from __future__ import annotations

from setpoint.model.diff import Projection
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.answer import whole
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_resource.state import HaState
from setpoint_proxmox.mark import without_inline

_GUEST = {"virtual_machine", "container", "sid"}


def declare(spec: HaResourceSpec) -> Tree:
    """What was written; which guest is meant says which resource it is."""
    tree: Tree = spec.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_GUEST)
    if "comment" in tree:
        tree["comment"] = (spec.comment or "").strip()
    return tree


def project(state: HaState) -> Projection:
    """What is there."""

    def number(option: str) -> Json:
        return whole(state.row.get(option, 1))

    return Projection(
        {
            "state": state.state,
            "maxRestart": number("max_restart"),
            "maxRelocate": number("max_relocate"),
            "failback": number("failback") == 1,
            "comment": without_inline(state.comment, "sid"),
        }
    )
