"""Declaration and observation as ONE comparable tree, both in the same form. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.diff import MISSING, SECRET, Projection, Treatment
from setpoint.model.secret import SecretRef
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.guest.layout import kept, put
from setpoint_proxmox.guest.migrate import PLACE
from setpoint_proxmox.guest.state import SETTLED, Config
from setpoint_proxmox.kinds.container.options import ELSEWHERE, LAYOUT
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.mark import normal

TREATMENTS: Mapping[Pointer, Treatment] = {
    "/tags": Treatment.SET,
    PLACE: Treatment.SET,
    "/features/mount": Treatment.SET,
    "/rootfs/mountOptions": Treatment.SET,
    "/mountPoints/*/mountOptions": Treatment.SET,
    "/nics/*/trunks": Treatment.SET,
    "/mountPoints/*": Treatment.MEMBER,
    "/bindMounts/*": Treatment.MEMBER,
    "/devices/*": Treatment.MEMBER,
    "/nics/*": Treatment.MEMBER,
    "/unprivileged": Treatment.CREATE_ONLY,
}

PASSWORD: Pointer = "/password"  # noqa: S105  # where it stands, not what it is


def declare(spec: ContainerSpec) -> Tree:
    """What the person wrote and is compared; of what and under which id it is created is not."""
    values: Tree = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if not (spec.placement and spec.placement.nodes):
        values.pop("placement", None)
    if "description" in values:
        values["description"] = normal(spec.description)
    return kept(values, _is_compared)


def secrets(spec: ContainerSpec) -> Mapping[Pointer, SecretRef]:
    """The secrets in a declaration, by the place where they are compared."""
    return {} if spec.password is None else {PASSWORD: spec.password}


def project(state: CtState) -> Projection:
    """What is seen: in force now, and after the next start."""
    if state.foreign:
        return Projection({})
    current, unseen = _tree(state.current, state)
    coming, hidden = (current, unseen) if state.coming == state.current else _tree(state.coming, state)
    accepted = None if coming == current else coming
    unknown = () if state.power in SETTLED else ("/power",)
    return Projection(current, accepted, tuple(dict.fromkeys((*unseen, *hidden, *unknown))))


def _is_compared(place: Pointer, value: Json) -> bool:
    if place in ELSEWHERE:
        return place != PASSWORD and (value is not None or place == "/pool")
    spot = LAYOUT.spot(place)
    if spot is None:
        return False
    return value is not None or spot.row is None or spot.row.absent is not MISSING


def _tree(config: Config, state: CtState) -> tuple[Tree, tuple[Pointer, ...]]:
    """The comparable tree of a configuration, and what it does not tell."""
    tree, unseen = LAYOUT.read(config)
    tree |= {
        "power": state.power,
        "pool": state.pool or None,
        "unprivileged": state.unprivileged,
        # Proxmox never tells it, and nothing could set it later.
        "password": SECRET,
    }
    if state.allowed:
        put(tree, PLACE, list[Json](state.allowed))
    return tree, unseen
