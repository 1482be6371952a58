"""Declaration and observation as one comparable tree, normalised the same way. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.diff import Projection, Treatment
from setpoint.model.quantity import format_bytes
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.kinds.virtual_machine.spec import Disk, Nic, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import SETTLED, Config, VmState
from setpoint_proxmox.kinds.virtual_machine.strings import DiskText, NicText
from setpoint_proxmox.mark import TAG, normal, split_tags, without_mark
from setpoint_proxmox.sizes import MIB, memory_bytes

TREATMENTS: Mapping[Pointer, Treatment] = {
    "/tags": Treatment.SET,
    "/disks/*/storage": Treatment.CREATE_ONLY,
}

DEFAULT_CORES = 1
DEFAULT_MEMORY = 512 * MIB
"""What an option that is not in the configuration means."""

DISK_BUSES = ("scsi", "virtio", "sata", "ide")


def declare(spec: VirtualMachineSpec) -> Tree:
    """What the person wrote and is compared; where and under which id it is created is not."""
    values: Tree = {
        "cores": spec.cores,
        "memory": format_bytes(spec.memory),
        "disks": {slot: _disk(disk) for slot, disk in spec.disks.items()},
        "nics": {slot: _nic(nic) for slot, nic in spec.nics.items()},
        "tags": list(spec.tags),
        "description": normal(spec.description),
        "onboot": spec.onboot,
        "power": spec.power,
    }
    if spec.power is None:
        del values["power"]
    return _written(spec, values)


def project(state: VmState) -> Projection:
    """What is seen: in force now, and after the next start."""
    if state.kind != "qemu":
        return Projection({})
    current, unseen = _tree(state.current)
    coming, _ = _tree(state.coming)
    power: Tree = {"power": state.power}
    accepted = None if coming == current else coming | power
    # Between the states lie moments such as `prelaunch`; what they end in is not known yet.
    unknown = () if state.power in SETTLED else ("/power",)
    return Projection(current | power, accepted, unseen + unknown)


def _disk(disk: Disk) -> Tree:
    return {"storage": disk.storage, "size": format_bytes(disk.size)}


def _nic(nic: Nic) -> Tree:
    values: Tree = {
        "bridge": nic.bridge,
        "model": nic.model,
        "mac": nic.mac,
        "vlan": nic.vlan,
        "firewall": nic.firewall,
    }
    if nic.mac is None:
        del values["mac"]
    return _written(nic, values)


def _written(spec: Spec, values: Tree) -> Tree:
    return {name: value for name, value in values.items() if name in spec.model_fields_set}


def _tree(config: Config) -> tuple[Tree, tuple[Pointer, ...]]:
    """The comparable tree of a configuration, and what it does not tell."""
    disks = {slot: DiskText.parse(str(text)) for slot, text in config.items() if is_disk_slot(slot)}
    nics = {slot: NicText.parse(str(text)) for slot, text in config.items() if is_nic_slot(slot)}
    tree: Tree = {
        "cores": config.get("cores", DEFAULT_CORES),
        "memory": format_bytes(memory_bytes(config["memory"]) if "memory" in config else DEFAULT_MEMORY),
        "disks": {slot: _seen_disk(disk) for slot, disk in disks.items()},
        "nics": {slot: _seen_nic(nic) for slot, nic in nics.items()},
        "tags": list[Json](sorted(split_tags(config.get("tags")) - {TAG})),
        "description": without_mark(str(config.get("description") or "")),
        "onboot": config.get("onboot", 0) == 1,
    }
    sizeless = (slot for slot, disk in disks.items() if disk.storage is not None and disk.size is None)
    return tree, tuple(f"/disks/{slot}/size" for slot in sizeless)


def is_disk_slot(option: str) -> bool:
    """Whether an option of a configuration is a drive: `scsi0`, not `scsihw`."""
    return any(option.startswith(bus) and option[len(bus) :].isdigit() for bus in DISK_BUSES)


def is_nic_slot(option: str) -> bool:
    """Whether an option of a configuration is a NIC."""
    return option.startswith("net") and option[3:].isdigit()


def _seen_disk(disk: DiskText) -> Tree:
    if disk.storage is None:
        return {}
    seen: Tree = {"storage": disk.storage}
    if disk.size is not None:
        seen["size"] = format_bytes(disk.size)
    return seen


def _seen_nic(nic: NicText) -> Tree:
    return {
        "bridge": nic.bridge,
        "model": nic.model,
        "mac": nic.mac.upper(),
        "vlan": nic.vlan,
        "firewall": nic.firewall,
    }
