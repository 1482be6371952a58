"""The figures of a container: a row of the node's list, a sample of the cluster's list, and its current status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.lxc.mounts import Mount

if TYPE_CHECKING:
    from setpoint_lab.proxmox.lxc.container import Container

MIB = 1 << 20
DEFAULT_MEMORY = 512
DEFAULT_DISK = 4 << 30
"""What lists show for a container without a root file system."""

BUSY_MEMORY = 32 * MIB
_COUNTERS = ("cpu", "disk", "diskread", "diskwrite", "mem", "netin", "netout")
_PRESSURES = tuple(f"pressure{what}{how}" for what in ("cpu", "io", "memory") for how in ("some", "full"))


def row(container: Container) -> dict[str, object]:
    """The container in the list of its node."""
    values = container.values
    found: dict[str, object] = dict.fromkeys((*_COUNTERS, "swap"), 0)
    found |= {
        "vmid": container.vmid,
        "type": container.type,
        "name": container.name,
        "status": container.status,
        "cpus": cpus(container),
        "maxmem": memory(container) * MIB,
        "maxswap": int(values.get("swap", "0")) * MIB,
        "maxdisk": disk_size(container),
        "uptime": container.uptime,
    }
    found |= {key: values[key] for key in ("lock", "tags") if key in values}
    if container.template:
        found["template"] = 1
    if container.machine is not None:
        found |= dict.fromkeys(_PRESSURES, "0.00")
        found |= {"pid": container.machine.pid, "mem": min(BUSY_MEMORY, memory(container) * MIB)}
    return found


def status(container: Container) -> dict[str, object]:
    """What /status/current shows."""
    return row(container) | {"ha": {"managed": 0}}


def sample(container: Container) -> dict[str, object]:
    """The container as the cluster's list knows it."""
    found: dict[str, object] = dict.fromkeys((*_COUNTERS, "memhost"), 0)
    return found | {
        "name": container.name,
        "status": container.status,
        "template": int(container.template),
        "uptime": container.uptime,
        "maxcpu": cpus(container),
        "maxmem": memory(container) * MIB,
        "maxdisk": disk_size(container),
    }


def cpus(container: Container) -> int | float:
    """How many processors it may use: as many as it has, as much of them as it may, or all of its node."""
    values = container.values
    limit = float(values.get("cpulimit", "0"))
    whole = int(values.get("cores", "0")) or limit or container.world.nodes[container.node].cpus
    return int(whole) if whole == int(whole) else whole


def memory(container: Container) -> int:
    """The memory in MiB."""
    return int(container.values.get("memory", DEFAULT_MEMORY))


def disk_size(container: Container) -> int:
    """The size of its root file system."""
    root = Mount.parse("rootfs", container.values.get("rootfs", ""))
    return DEFAULT_DISK if root is None or root.size is None else root.size
