"""A VM of the emulated cluster: its config file, its running machine, and how the system inside it behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.clock import current_pid
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.flock import Flock
from setpoint_lab.proxmox.guests import guest_reader
from setpoint_lab.proxmox.qemu import nets, pending
from setpoint_lab.proxmox.qemu.behaviour import Behaviour, behaviour_of
from setpoint_lab.proxmox.qemu.config import Config, digest, parsed
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World


CLOUDINIT_BYTES = 4 << 20


@dataclass(slots=True)
class Machine:
    """A running hypervisor process; `started` in seconds of the clock."""

    started: float
    pid: int
    paused: bool = False


@dataclass(slots=True)
class Vm:
    """A VM; `text` is its config file."""

    world: World
    vmid: int
    node: str
    text: str = ""
    machine: Machine | None = None
    flock: Flock = field(init=False)

    def __post_init__(self) -> None:
        """Name the lock after the VM."""
        self.flock = Flock(f"/var/lock/qemu-server/lock-{self.vmid}.conf")

    @property
    def type(self) -> str:
        """`qemu`."""
        return "qemu"

    @property
    def values(self) -> Mapping[str, str]:
        """The options in effect, to look at."""
        return parsed(self.text).current

    @property
    def name(self) -> str:
        """Its name, `VM 100` when it has none."""
        return self.values.get("name", f"VM {self.vmid}")

    @property
    def status(self) -> str:
        """`running` (paused too) or `stopped`."""
        return "stopped" if self.machine is None else "running"

    @property
    def lock(self) -> str | None:
        """The lock in its config."""
        return self.values.get("lock")

    @property
    def tags(self) -> str | None:
        """Its tags as stored."""
        return self.values.get("tags")

    @property
    def template(self) -> bool:
        """Whether it is a template."""
        return self.values.get("template") == "1"

    @property
    def behaviour(self) -> Behaviour:
        """How the system inside behaves."""
        return behaviour_of(self.world, self.vmid)

    @property
    def digest(self) -> str:
        """The digest of its config file."""
        return digest(self.text)

    def summary(self) -> Mapping[str, object]:
        """One sample for the cluster's list."""
        from setpoint_lab.proxmox.qemu.figures import sample  # noqa: PLC0415  # figures read the VM

        return sample(self)

    def state(self) -> Mapping[str, object]:
        """The entry that makes this VM."""
        config = self.load()
        return {
            "vmid": self.vmid,
            "type": self.type,
            "node": self.node,
            "name": self.name,
            "status": self.status,
            "config": config.current,
            "file": self.text,
        }

    def load(self) -> Config:
        """Read the config file."""
        return parsed(self.text).copy()

    def write(self, config: Config) -> None:
        """Write the config file; a detached volume that a drive holds again is no longer detached.

        Raises:
            ApiError: the cluster has no quorum.
        """
        if not self.world.quorate:
            raise ApiError.internal(
                f"unable to open file '{config_path(self.node, self.vmid, etc=True)}.tmp.{current_pid()}' - Permission denied"
            )
        used = pending.used_volumes(config)
        config.current = {
            key: value
            for key, value in config.current.items()
            if not (key.startswith("unused") and value in used)
        }
        self.text = config.render()
        self.world.changed()
        self._note_addresses(config)

    def _note_addresses(self, config: Config) -> None:
        """Note the addresses that were generated for this VM and are in its config now."""
        fresh = self.world.fresh_macs
        for values in (config.current, config.pending) if fresh else ():
            for key, mac in nets.addresses(values):
                if mac in fresh:
                    fresh.discard(mac)
                    self.world.effects.note("mac_made", self.vmid, f"{key}={mac}")

    def put_lock(self, lock: str) -> None:
        """Bear a lock in the config."""
        config = self.load()
        config.current["lock"] = lock
        self.write(config)

    def unlock(self, lock: str | None = None) -> None:
        """Lose the lock in the config, only this one when one is named."""
        config = self.load()
        if lock is None or config.current.get("lock") == lock:
            config.current.pop("lock", None)
            self.write(config)

    def die(self) -> None:
        """Stop running; what is pending stays pending."""
        if self.machine is not None:
            self.machine = None
            self.world.effects.note("stopped", self.vmid, self.node)

    def check_lock(self) -> None:
        """Raise when the config bears a lock."""
        lock = self.lock
        if lock is not None:
            raise ApiError.internal(f"VM is locked ({lock})")


def config_path(node: str, vmid: int, *, etc: bool = False) -> str:
    """Where a VM's config file lies in the cluster's file system."""
    return f"{'/etc/pve/' if etc else ''}nodes/{node}/qemu-server/{vmid}.conf"


def find_vm(world: World, node: str, vmid: int) -> Vm | None:
    """The VM of that number on that node."""
    found = world.guests.get(vmid)
    return found if isinstance(found, Vm) and found.node == node else None


def existing_vm(world: World, node: str, vmid: int) -> Vm:
    """The VM of that number on that node, or the answer that its config file does not exist."""
    found = find_vm(world, node, vmid)
    if found is None:
        raise ApiError.internal(f"Configuration file '{config_path(node, vmid)}' does not exist")
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
        start_machine(vm)
    return vm


def start_machine(vm: Vm) -> None:
    """Let the machine run from now on."""
    now = vm.world.clock.now()
    vm.machine = Machine(now, 1000 + int(now * 10) % 4_000_000)
    vm.world.effects.note("started", vm.vmid, vm.node)


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
