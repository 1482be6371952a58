"""A VM of the emulated cluster: its config file, its running machine, and how the system inside it behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.configured import ConfiguredGuest, no_config
from setpoint_lab.proxmox.guests import guest_reader
from setpoint_lab.proxmox.qemu import nets
from setpoint_lab.proxmox.qemu.config import Config, parsed
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.config_file import ConfigFile
    from setpoint_lab.proxmox.world import World

CLOUDINIT_BYTES = 4 << 20


@dataclass(slots=True)
class Vm(ConfiguredGuest):
    """A VM; `text` is its config file."""

    KIND = "qemu"
    LABEL = "VM"
    FOLDER = "qemu-server"
    LOCK_FILE = "/var/lock/qemu-server/lock-{}.conf"

    @property
    def values(self) -> Mapping[str, str]:
        """The options in effect, to look at."""
        return parsed(self.text).current

    @property
    def name(self) -> str:
        """Its name, `VM 100` when it has none."""
        return self.values.get("name", f"VM {self.vmid}")

    def summary(self) -> Mapping[str, object]:
        """One sample for the cluster's list."""
        from setpoint_lab.proxmox.qemu.figures import sample  # noqa: PLC0415  # figures read the VM

        return sample(self)

    def load(self) -> Config:
        """Read the config file."""
        return parsed(self.text).copy()

    def used_volumes(self, config: ConfigFile) -> set[str]:
        """The files that the drives hold now and that pending ones will hold."""
        return {drive.file for values in (config.current, config.pending) for drive in drives(values)}

    def addresses(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The cards among the options, each with its MAC address."""
        return nets.addresses(values)


def find_vm(world: World, node: str, vmid: int) -> Vm | None:
    """The VM of that number on that node."""
    found = world.guests.get(vmid)
    return found if isinstance(found, Vm) and found.node == node else None


def existing_vm(world: World, node: str, vmid: int) -> Vm:
    """The VM of that number on that node, or the answer that its config file does not exist."""
    found = find_vm(world, node, vmid)
    if found is None:
        raise no_config(Vm, node, vmid)
    return found


@guest_reader("qemu")
def read_vm(world: World, entry: Mapping[str, Any]) -> Vm:
    """Make a VM from an entry of a state: `config` as text keys, or its whole `file`."""
    vm = Vm(world, int(entry["vmid"]), str(entry["node"]))
    values: Mapping[str, object] = entry.get("config") or {}
    current = {key: str(value) for key, value in values.items() if key != "digest"}
    vm.text = str(entry["file"]) if "file" in entry else Config(current).render()
    _add_volumes(vm)
    if entry.get("status") == "running":
        vm.run()
    return vm


def _add_volumes(vm: Vm) -> None:
    """Make the volumes that the config names and the state does not list; missing devices have none."""
    volumes = vm.world.volumes
    for drive in drives(vm.load().current):
        known = drive.volume is None or volumes.find(drive.volume, vm.node) is not None
        if drive.volume is None or known or drive.volume in vm.world.missing_devices:
            continue
        size = drive.size or (CLOUDINIT_BYTES if drive.is_cloudinit else 0)
        form = drive.volume.rpartition(".")[2] if "/" in drive.volume else "raw"
        volumes.add(Volume(drive.volume, vm.node, "images", form, size, vm.vmid))
