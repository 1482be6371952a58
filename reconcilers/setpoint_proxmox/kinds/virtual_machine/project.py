"""Declaration and observation as one comparable tree, normalised the same way. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from setpoint.model.diff import MISSING, SECRET, Projection, Treatment
from setpoint.model.secret import SecretRef
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.guest.layout import kept, put
from setpoint_proxmox.guest.migrate import PLACE
from setpoint_proxmox.guest.state import SETTLED, Config
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.kinds.virtual_machine.options import ELSEWHERE, LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE, is_cloudinit
from setpoint_proxmox.mark import normal

TREATMENTS: Mapping[Pointer, Treatment] = {
    "/tags": Treatment.SET,
    PLACE: Treatment.SET,
    "/hotplug": Treatment.SET,
    "/cpu/flags": Treatment.SET,
    "/nics/*/trunks": Treatment.SET,
    "/cloudInit/sshKeys": Treatment.SET,
    "/disks/*": Treatment.MEMBER,
    "/cdroms/*": Treatment.MEMBER,
    "/nics/*": Treatment.MEMBER,
    "/cloudInit/ip/*": Treatment.MEMBER,
    "/pci/*": Treatment.MEMBER,
    "/usb/*": Treatment.MEMBER,
    "/serial/*": Treatment.MEMBER,
    "/firmware/efi": Treatment.CREATE_ONLY,
    "/firmware/efi/*": Treatment.CREATE_ONLY,
    "/tpm": Treatment.CREATE_ONLY,
    "/tpm/*": Treatment.CREATE_ONLY,
    "/cloudInit/slot": Treatment.CREATE_ONLY,
    "/cloudInit/storage": Treatment.CREATE_ONLY,
}

PASSWORD: Pointer = "/cloudInit/password"  # noqa: S105  # where it stands, not what it is

_DRIVE = re.compile(r"(scsi|virtio|sata|ide)\d+")


def declare(spec: VirtualMachineSpec) -> Tree:
    """What the person wrote and is compared; where and under which id it is created is not."""
    values: Tree = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(values.get("agent"), bool):
        values["agent"] = {"enabled": values["agent"]}
    if not (spec.placement and spec.placement.nodes):
        values.pop("placement", None)
    if "description" in values:
        values["description"] = normal(spec.description)
    tree = kept(values, _is_compared)
    if spec.cloud_init is not None:
        put(tree, "/cloudInit/drive", True)
        put(tree, "/cloudInit/current", True)
    return tree


def secrets(spec: VirtualMachineSpec) -> Mapping[Pointer, SecretRef]:
    """The secrets in a declaration, by the place where they are compared."""
    if spec.cloud_init is None or spec.cloud_init.password is None:
        return {}
    return {PASSWORD: spec.cloud_init.password}


def project(state: VmState) -> Projection:
    """What is seen: in force now, and after the next start."""
    if state.foreign:
        return Projection({})
    current, unseen = _tree(state.current, state)
    coming, hidden = (current, unseen) if state.coming == state.current else _tree(state.coming, state)
    accepted = None if coming == current else coming
    # Between the states lie moments such as `prelaunch`; what they end in is not known yet.
    unknown = () if state.power in SETTLED else ("/power",)
    return Projection(current, accepted, tuple(dict.fromkeys((*unseen, *hidden, *unknown))))


def is_drive_slot(option: str) -> bool:
    """Whether an option of a configuration is a drive on a bus: `scsi0`, not `scsihw`."""
    return _DRIVE.fullmatch(option) is not None


def cloudinit_slot(config: Config) -> str | None:
    """Where the drive is attached that cloud-init reads; None when there is none."""
    return next((slot for slot, drive in drives(config) if is_cloudinit(drive)), None)


def drives(config: Config) -> list[tuple[str, dict[str, str]]]:
    """Every drive on a bus that can be read, by slot."""
    found: list[tuple[str, dict[str, str]]] = []
    for option, text in sorted(config.items()):
        if is_drive_slot(option):
            try:
                found.append((option, DRIVE.split(str(text))))
            except ValueError:
                continue
    return found


def _is_compared(place: Pointer, value: Json) -> bool:
    if place in ELSEWHERE:
        return place != PASSWORD and (value is not None or place == "/pool")
    spot = LAYOUT.spot(place)
    if spot is None:
        return False
    return value is not None or spot.row is None or spot.row.absent is not MISSING


def _tree(config: Config, state: VmState) -> tuple[Tree, tuple[Pointer, ...]]:
    """The comparable tree of a configuration, and what it does not tell."""
    tree, unseen = LAYOUT.read(config)
    tree |= {"power": state.power, "pool": state.pool or None}
    if config.get("cipassword"):
        put(tree, PASSWORD, SECRET)
    for slot, drive in drives(config):
        if is_cloudinit(drive):
            put(tree, "/cloudInit/slot", slot)
            put(tree, "/cloudInit/storage", storage_of(drive["file"]))
    put(tree, "/cloudInit/drive", cloudinit_slot(config) is not None)
    # A drive is written anew at every start, so only a running guest can be shown old settings.
    put(tree, "/cloudInit/current", state.image_current is not False or state.power == "stopped")
    if state.allowed:
        put(tree, PLACE, list[Json](state.allowed))
    return tree, unseen
