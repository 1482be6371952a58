"""A container of the emulated cluster: its config file, its first process, and what system lies in its root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.configured import ConfiguredGuest, no_config
from setpoint_lab.proxmox.guests import guest_reader
from setpoint_lab.proxmox.lxc import nets
from setpoint_lab.proxmox.lxc.config import Config, parsed
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.state import format_of
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import ConfigFile
    from setpoint_lab.proxmox.world import World


@dataclass(slots=True)
class Container(ConfiguredGuest):
    """A container; `inside` is the distribution that its root holds, whatever its config says."""

    KIND = "lxc"
    LABEL = "CT"
    FOLDER = "lxc"
    LOCK_FILE = "/run/lock/lxc/pve-config-{}.lock"

    inside: str = ""

    @property
    def values(self) -> Mapping[str, str]:
        """The options in effect, to look at."""
        return parsed(self.text).current

    @property
    def name(self) -> str:
        """Its host name, `CT100` when it has none."""
        return self.values.get("hostname", f"CT{self.vmid}")

    def summary(self) -> Mapping[str, object]:
        """One sample for the cluster's list."""
        from setpoint_lab.proxmox.lxc.figures import sample  # noqa: PLC0415  # figures read the container

        return sample(self)

    def state(self) -> Mapping[str, object]:
        """The entry that makes this container."""
        return {**ConfiguredGuest.state(self), "inside": self.inside}

    def load(self) -> Config:
        """Read the config file."""
        return parsed(self.text).copy()

    def used_volumes(self, config: ConfigFile) -> set[str]:
        """The volumes that are mounted now and that pending mount points will hold."""
        return {mount.source for values in (config.current, config.pending) for mount in mounts(values)}

    def addresses(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The cards among the options, each with its MAC address."""
        return nets.addresses(values)


def find_container(world: World, node: str, vmid: int) -> Container | None:
    """The container of that number on that node."""
    found = world.guests.get(vmid)
    return found if isinstance(found, Container) and found.node == node else None


def requested_container(call: Call) -> Container:
    """The container that the request is about, or the answer that its config file does not exist."""
    node, vmid = call.text("node"), call.integer("vmid")
    found = find_container(call.world, node, vmid)
    if found is None:
        raise no_config(Container, node, vmid)
    return found


@guest_reader("lxc")
def read_container(world: World, entry: Mapping[str, Any]) -> Container:
    """Make a container from an entry of a state: `config` as text keys, or its whole `file`."""
    values: Mapping[str, object] = entry.get("config") or {}
    current = {key: str(value) for key, value in values.items() if key != "digest"}
    text = str(entry["file"]) if "file" in entry else Config(current).render()
    container = Container(world, int(entry["vmid"]), str(entry["node"]), text)
    container.inside = str(entry.get("inside") or container.values.get("ostype", "unmanaged"))
    _add_volumes(container)
    if entry.get("status") == "running":
        container.run()
    return container


def _add_volumes(container: Container) -> None:
    """Make the volumes that the config names and the state does not list."""
    volumes = container.world.volumes
    for mount in mounts(container.values):
        volid = mount.volume
        if volid is None or volumes.find(volid, container.node) is not None:
            continue
        volumes.add(
            Volume(volid, container.node, "rootdir", format_of(volid), mount.size or 0, container.vmid)
        )
