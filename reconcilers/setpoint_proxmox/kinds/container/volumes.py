"""Which volume a mount point gets: an empty one, or one that lies detached; or none, and why."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from setpoint.model.diff import MISSING, Cause, Change
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.quantity import format_bytes, parse_bytes
from setpoint.model.tree import parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest import volumes
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.spec import Power
from setpoint_proxmox.guest.texts import NEW
from setpoint_proxmox.guest.volumes import Shelf
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.kinds.container.strings import MOUNT
from setpoint_proxmox.sizes import allocation_text, resize_text


def fresh(slot: str, spec: ContainerSpec) -> dict[str, str]:
    """The sub-options that make or attach the volume of an empty slot.

    Sent for a slot that holds one, an allocation would put an empty volume in its place; sent for the root of a
    container that is there, Proxmox would keep the text as it is and the container would never start again.
    """
    if slot == "rootfs":
        assert spec.rootfs is not None  # noqa: S101  # nothing else declares something of it
        return {"volume": f"{spec.rootfs.storage}:{allocation_text(spec.rootfs.size)}"}
    mount = spec.mount_points[slot]
    volume = mount.volume
    if volume is None or volume == NEW:
        volume = f"{mount.storage}:{allocation_text(mount.size)}"
    return {"volume": volume, "mp": mount.path}


def storage_for(slot: str, spec: ContainerSpec) -> str:
    """The declared storage of a volume."""
    if slot == "rootfs" and spec.rootfs is not None:
        return spec.rootfs.storage
    return spec.mount_points[slot].storage


def refusals(changes: Iterable[Change], ct: CtState, spec: ContainerSpec) -> Mapping[str, Step]:
    """The mount points that are not ours to fill, change or take away now, with the reason, by slot."""

    def attach(slot: str, volume: str) -> str:
        text = MOUNT.join({"volume": volume, "mp": spec.mount_points[slot].path})
        return f"pct set {ct.vmid} --{slot} {shlex.quote(text)}"

    shelf = Shelf(
        ct,
        LAYOUT,
        MOUNT,
        noun="mount point",
        slot="mount point",
        chosen={slot: mount.volume for slot, mount in spec.mount_points.items()},
        storage=lambda slot: storage_for(slot, spec),
        attach=attach,
        rigid=True,
    )
    written = tuple(change for change in changes if not _is_resize(change, ct))
    return {**volumes.refusals(written, shelf), **_rootless(written, ct)}


def _rootless(changes: tuple[Change, ...], ct: CtState) -> Mapping[str, Step]:
    """A container that is there without a root is broken, and an allocation would not mend it."""
    of_root = tuple(change for change in changes if change.path.startswith("/rootfs/"))
    if not of_root or not ct.current or not volumes.is_vacant("rootfs", ct):
        return {}
    why = f"{ct} has no root volume, and Proxmox makes one only together with the container"
    return {"rootfs": obstructed(why, f"see pct config {ct.vmid} on {ct.node}", of_root)}


def resizes(changes: Iterable[Change], ct: CtState, facts: Facts) -> Iterator[Step]:
    """Grow every volume that is to be larger, also while the container runs."""
    for change, slot in _differing(changes, "size", ct):
        if parse_bytes(change.desired) > parse_bytes(change.observed):
            size = resize_text(parse_bytes(change.desired))
            yield Step(
                "resize",
                f"grow {slot} of {ct} from {change.observed} to {change.desired}",
                (change,),
                Disruption.HOT if ct.is_on else Disruption.NONE,
                {"node": ct.node, "digest": ct.digest, "disk": slot, "size": size},
                scopes=scopes(facts, ct.node),
            )


def moves(changes: Iterable[Change], ct: CtState, facts: Facts) -> Iterator[Step]:
    """Move every volume for which another storage was declared; Proxmox does so only while the container is off."""
    for change, slot in _differing(changes, "storage", ct):
        if change.cause is Cause.DECLARED and ct.power == "stopped":
            target = str(change.desired)
            yield Step(
                "move",
                f"move {slot} of {ct} from {change.observed} to {target}",
                (change,),
                arguments={"node": ct.node, "digest": ct.digest, "disk": slot, "storage": target},
                scopes=scopes(facts, ct.node, target),
            )


def obstacles(changes: tuple[Change, ...], ct: CtState, spec: ContainerSpec) -> Iterator[Step]:
    """What is not done to a volume that is there."""
    for change, slot in _differing(changes, "size", ct):
        if parse_bytes(change.desired) < parse_bytes(change.observed):
            seen = format_bytes(parse_bytes(change.observed))
            yield obstructed(
                f"{slot} of {ct} is {seen}, and Proxmox cannot shrink it to {change.desired}",
                f"declare {seen}, or replace the volume by hand",
                (change,),
            )
    for change, slot in _differing(changes, "storage", ct):
        by_hand = f"pct move-volume {ct.vmid} {slot} {change.desired} --delete 1"
        where = f"{slot} of {ct} lies on {change.observed} and not on {change.desired}"
        if change.cause is Cause.DRIFT:
            yield obstructed(
                f"{where}; what was moved by hand is not moved back by itself",
                f"declare storage: {change.observed}; or move it back on {ct.node} while it is stopped: {by_hand}",
                (change,),
            )
        elif ct.power != "stopped" and spec.power is not Power.STOPPED:
            yield obstructed(
                f"{where}, and it can be moved only while the container is stopped",
                f"declare power: stopped until it is moved; or declare storage: {change.observed}",
                (change,),
            )


def _is_resize(change: Change, ct: CtState) -> bool:
    """Whether only growing corrects it, which protection does not keep from."""
    return any(
        found is change for field in ("size", "storage") for found, _ in _differing([change], field, ct)
    )


def _differing(changes: Iterable[Change], field: str, ct: CtState) -> Iterator[tuple[Change, str]]:
    """Every volume that is there and has another `field` now: the change and the slot."""
    for change in changes:
        if change.later or MISSING in (change.observed, change.desired):
            continue
        match parts(change.path):
            case ("rootfs", name) if name == field and "rootfs" in ct.current:
                yield change, "rootfs"
            case ("mountPoints", slot, name) if name == field and slot in ct.current:
                yield change, slot
            case _:
                pass
