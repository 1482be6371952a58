"""The figures of a VM: a row of the node's list, a sample of the cluster's list, and its current status."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.properties import parse_boolean, split_properties
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.config import parsed
from setpoint_lab.proxmox.qemu.drives import boot_disk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.qemu.guest import Vm

MIB = 1 << 20
_COUNTERS = ("cpu", "disk", "mem", "memhost", "netin", "netout")
_PRESSURES = tuple(f"pressure{what}{how}" for what in ("cpu", "io", "memory") for how in ("some", "full"))


@dataclass(frozen=True, slots=True)
class _Size:
    cpus: int
    memory: int
    disk: int


@lru_cache(maxsize=4096)
def _size(text: str) -> _Size:
    """What lists say about a VM with that config; they are asked for far more often than configs change."""
    values = parsed(text).current
    return _Size(cpus(values), memory(values) * MIB, disk_size(values))


def row(vm: Vm) -> dict[str, object]:
    """The VM in the list of its node."""
    values, size = vm.values, _size(vm.text)
    found: dict[str, object] = dict.fromkeys(_COUNTERS, 0)
    found |= {
        "vmid": vm.vmid,
        "name": vm.name,
        "status": vm.status,
        "cpus": size.cpus,
        "maxmem": size.memory,
        "maxdisk": size.disk,
        "uptime": vm.uptime,
    }
    found |= {key: values[key] for key in ("lock", "tags") if key in values}
    if vm.template:
        found["template"] = 1
    if any(options.bus(key) == "serial" for key in values):
        found["serial"] = 1
    if int(values.get("balloon", "0")):
        found |= {"balloon_min": int(values["balloon"]) * MIB, "shares": int(values.get("shares", "1000"))}
    if vm.machine is not None:
        found |= dict.fromkeys(_PRESSURES, 0) | {"pid": vm.machine.pid}
    return found


def status(vm: Vm) -> dict[str, object]:
    """What /status/current shows."""
    values = vm.values
    found = row(vm) | {"qmpstatus": qmp_status(vm), "ha": {"managed": 0}}
    if agent_enabled(values):
        found["agent"] = 1
    if vm.machine is None:
        return found
    cards = [key for key in values if options.is_net(key)]
    if cards:
        found["nics"] = {
            f"tap{vm.vmid}i{key.removeprefix('net')}": {"netin": 0, "netout": 0} for key in cards
        }
    if "vga" in values:
        found["clipboard"] = _parts("vga", values["vga"]).get("clipboard")
    return found


def sample(vm: Vm) -> dict[str, object]:
    """The VM as the cluster's list knows it; a paused one is told as such there, unlike in the list of its node."""
    size = _size(vm.text)
    found: dict[str, object] = dict.fromkeys((*_COUNTERS, "diskread", "diskwrite"), 0)
    return found | {
        "name": vm.name,
        "status": qmp_status(vm),
        "template": int(vm.template),
        "uptime": vm.uptime,
        "maxcpu": size.cpus,
        "maxmem": size.memory,
        "maxdisk": size.disk,
    }


def qmp_status(vm: Vm) -> str:
    """`running`, `paused`, `suspended` or `stopped`."""
    if vm.machine is None:
        return "stopped"
    if vm.machine.asleep:
        return "suspended"
    return "paused" if vm.machine.paused else "running"


def cpus(values: Mapping[str, str]) -> int:
    """How many CPUs the guest sees."""
    most = int(values.get("sockets", "1")) * int(values.get("cores", "1"))
    return min(most, int(values.get("vcpus", most)))


def memory(values: Mapping[str, str]) -> int:
    """The memory in MiB."""
    return memory_of(values.get("memory", "512"))


def memory_of(text: str) -> int:
    """The memory in MiB that a `memory` option gives, written as `512` or `current=512`."""
    return int(_parts("memory", text).get("current", "512"))


def disk_size(values: Mapping[str, str]) -> int:
    """The size of the disk that it boots from."""
    disk = boot_disk(values)
    return 0 if disk is None else disk.size or 0


def agent_enabled(values: Mapping[str, str]) -> bool:
    """Whether the config says that a guest agent is there."""
    return "agent" in values and parse_boolean(_parts("agent", values["agent"]).get("enabled", "0")) == "1"


def _parts(key: str, text: str) -> dict[str, str]:
    return split_properties((options.shape(key) or {})["format"], text)
