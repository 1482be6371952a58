"""A guest with a config file and a process: what VMs and containers share; neighbours: `qemu.guest`, `lxc.guest`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from setpoint_lab.clock import current_pid
from setpoint_lab.proxmox.behaviour import Behaviour, behaviour_of
from setpoint_lab.proxmox.config_file import ConfigFile, digest
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.flock import Flock
from setpoint_lab.proxmox.option_table import is_unused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.world import World

DAEMON_PID = 1103
"""The process that serves requests."""


@dataclass(slots=True)
class Machine:
    """A running hypervisor or the first process of a container; `started` in seconds of the clock."""

    started: float
    pid: int
    paused: bool = False
    asleep: bool = False
    """Whether a paused one has put itself to sleep."""


@dataclass(slots=True)
class ConfiguredGuest(ABC):
    """A guest; `text` is its config file."""

    KIND: ClassVar[str]
    """`qemu` or `lxc`."""

    LABEL: ClassVar[str]
    """What messages call it: `VM` or `CT`."""

    FOLDER: ClassVar[str]
    """Where config files of its kind lie below a node."""

    LOCK_FILE: ClassVar[str]
    """The file whose lock protects its config, with a place for its number."""

    world: World
    vmid: int
    node: str
    text: str = ""
    machine: Machine | None = None
    flock: Flock = field(init=False)

    def __post_init__(self) -> None:
        """Name the lock after the guest."""
        self.flock = Flock(self.LOCK_FILE.format(self.vmid))

    @property
    def type(self) -> str:
        """`qemu` or `lxc`."""
        return self.KIND

    @property
    @abstractmethod
    def values(self) -> Mapping[str, str]:
        """The options in effect, to look at."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, one made of its number when it has none."""

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

    @property
    def uptime(self) -> int:
        """Seconds since it was started."""
        return 0 if self.machine is None else int(self.world.clock.now() - self.machine.started)

    @abstractmethod
    def summary(self) -> Mapping[str, object]:
        """One sample for the cluster's list."""

    def state(self) -> Mapping[str, object]:
        """The entry that makes this guest."""
        return {
            "vmid": self.vmid,
            "type": self.type,
            "node": self.node,
            "name": self.name,
            "status": self.status,
            "config": self.load().current,
            "file": self.text,
        }

    @abstractmethod
    def load(self) -> ConfigFile:
        """Read the config file."""

    @abstractmethod
    def used_volumes(self, config: ConfigFile) -> set[str]:
        """The volumes that the config holds now and that what is pending will hold."""

    @abstractmethod
    def addresses(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The cards among the options, each with its MAC address."""

    def write(self, config: ConfigFile) -> None:
        """Write the config file; a detached volume that is in use again is no longer detached.

        Raises:
            ApiError: the cluster has no quorum.
        """
        if not self.world.quorate:
            path = config_path(type(self), self.node, self.vmid)
            text = f"unable to open file '/etc/pve/{path}.tmp.{current_pid(DAEMON_PID)}' - Permission denied"
            raise ApiError.internal(text)
        used = self.used_volumes(config)
        config.current = {
            key: value for key, value in config.current.items() if not (is_unused(key) and value in used)
        }
        self.text = config.render()
        self.world.changed()
        self._note_addresses(config)

    def _note_addresses(self, config: ConfigFile) -> None:
        """Note the addresses that were generated for this guest and are in its config now."""
        fresh = self.world.fresh_macs
        for values in (config.current, config.pending) if fresh else ():
            for key, mac in self.addresses(values):
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

    def run(self) -> None:
        """Run from now on."""
        now = self.world.clock.now()
        self.machine = Machine(now, 1000 + int(now * 10) % 4_000_000)
        self.world.effects.note("started", self.vmid, self.node)

    def die(self) -> None:
        """Stop running; what is pending stays pending."""
        if self.machine is not None:
            self.machine = None
            self.world.effects.note("stopped", self.vmid, self.node)

    def move(self, node: str) -> None:
        """Lie on another node."""
        if node != self.node:
            self.node = node
            self.world.effects.note("guest_moved", self.vmid, node)

    def check_lock(self) -> None:
        """Raise when the config bears a lock."""
        lock = self.lock
        if lock is not None:
            raise ApiError.internal(f"{self.LABEL} is locked ({lock})")

    def check_there(self, node: str) -> None:
        """Raise when there is no longer a guest of that kind and number on that node."""
        found = self.world.guests.get(self.vmid)
        if found is None or found.type != self.KIND or found.node != node:
            raise no_config(type(self), node, self.vmid)


def config_path(kind: type[ConfiguredGuest], node: str, vmid: int) -> str:
    """Where a guest's config file lies in the cluster's file system."""
    return f"nodes/{node}/{kind.FOLDER}/{vmid}.conf"


def no_config(kind: type[ConfiguredGuest], node: str, vmid: int) -> ApiError:
    """The answer that a guest's config file is not there."""
    return ApiError.internal(f"Configuration file '{config_path(kind, node, vmid)}' does not exist")
