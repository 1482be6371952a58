"""A host as one look shows it. Every part stands for itself: what could not be read is Unknown and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from setpoint.model.observation import Unknown

T = TypeVar("T")
Known: TypeAlias = T | Unknown
NEVER = Unknown("nobody looked")


@dataclass(frozen=True)
class Os:
    """What os-release says of the operating system."""

    id: str
    name: str
    version: str


@dataclass(frozen=True)
class Nixos:
    """The systems of a NixOS host, as paths in its store.

    Attributes:
        running: what `/run/current-system` leads to.
        booted: what `/run/booted-system` leads to; None in a container, which boots none.
        profile: what the next boot starts: the newest choice of the system's profile.
        generation: the number of that choice.
        made: when that choice was made, seconds since the epoch.
        version: as the running system calls itself.
        restart: the parts (`kernel`, `initrd`, `kernel-modules`) in which running and booted differ, so that only a reboot
            brings the running one into force.
    """

    running: Known[str]
    booted: Known[str | None]
    profile: Known[str]
    generation: Known[int]
    made: Known[float]
    version: Known[str]
    restart: Known[tuple[str, ...]]


@dataclass(frozen=True)
class Cpu:
    """Processors: their models, how many threads there are, and the load over one, five and fifteen minutes."""

    models: tuple[str, ...]
    threads: int
    load: Known[tuple[float, float, float]]


@dataclass(frozen=True)
class Memory:
    """Bytes."""

    total: int
    available: int
    swap: int
    swap_free: int


@dataclass(frozen=True)
class Filesystem:
    """One that is mounted; bytes.

    Attributes:
        inodes: how many percent of them are used; None where it has no fixed number.
        read_only: whether it is mounted so.
    """

    place: str
    device: str
    kind: str
    size: int
    used: int
    free: int
    inodes: Known[int | None]
    read_only: Known[bool]


@dataclass(frozen=True)
class Store:
    """A pool of ZFS, a btrfs or an array of md.

    Attributes:
        make: `zfs`, `btrfs` or `md`.
        trouble: what is wrong with it, a sentence; empty when it is well.
        scrubbed: when its last scrub began or ended, seconds since the epoch; None when it never was, or nobody keeps it.
    """

    make: str
    name: str
    trouble: str
    scrubbed: Known[float | None]


@dataclass(frozen=True)
class Disk:
    """What SMART says.

    Attributes:
        well: the disk's own verdict; Unknown also for one that sleeps, which is not woken.
        worn: percent of its life that are used; None where it does not tell.
        hours: it was on for that long; None where it does not tell.
    """

    device: str
    model: str
    well: Known[bool]
    worn: int | None = None
    hours: int | None = None


@dataclass(frozen=True)
class Interface:
    """A network interface; `kind` as the kernel calls it (`bridge`, `wireguard`, `tun`), empty for a device."""

    name: str
    kind: str
    up: bool
    mac: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Tunnel:
    """An interface of a VPN; `heard` is when a peer last answered, seconds since the epoch, None without peers that did."""

    name: str
    kind: str
    peers: Known[int]
    heard: Known[float | None]


@dataclass(frozen=True)
class Listener:
    """A service that listens; `program` is empty where the user may not see it."""

    protocol: str
    address: str
    port: int
    program: str


@dataclass(frozen=True)
class Guest:
    """A container or microVM on the host; `engine` is `machine`, `docker`, `podman` or `microvm`."""

    engine: str
    name: str
    state: str


@dataclass(frozen=True)
class Failed:
    """The units that failed, and the state that systemd gives itself, e.g. `running` or `degraded`."""

    state: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class Login:
    """Somebody who is logged in; `origin` is empty at the console."""

    user: str
    terminal: str
    origin: str


@dataclass(frozen=True)
class Growth:
    """Something that grows.

    Attributes:
        place: a filesystem's or a watched path.
        rate: bytes per second.
        left: seconds until it is full at that rate; None for a path.
    """

    place: str
    rate: float
    left: float | None


@dataclass(frozen=True)
class Facts:
    """A host at one moment.

    Attributes:
        at: when the look began, by our clock.
        machine_id: what tells this installation from every other; kept over reboots.
        ahead: seconds by which its clock is ahead of ours; it is off by at most the time that the look took.
        synced: whether its clock follows a source of time.
        virtual: how it is virtualised as systemd calls that (`kvm`, `lxc`), `none` for a machine of its own.
        nixos: None for another operating system.
        reboot: whether the operating system says that it wants a reboot.
        record: the raw text of the record of deployments that is kept on the host; None when there is none.
        deploying: the raw text of the status of a deployment that runs, or ran since the host booted; None likewise.
        databases: sizes in bytes of PostgreSQL's databases by name.
        paths: sizes in bytes of the watched paths; None for one that is not there.
        growth: what grows, the fastest first, as far as this and an earlier look tell.
    """

    at: float
    machine_id: Known[str] = NEVER
    name: Known[str] = NEVER
    boot_id: Known[str] = NEVER
    uptime: Known[float] = NEVER
    ahead: Known[float] = NEVER
    synced: Known[bool] = NEVER
    os: Known[Os] = NEVER
    kernel: Known[str] = NEVER
    architecture: Known[str] = NEVER
    virtual: Known[str] = NEVER
    nixos: Known[Nixos | None] = NEVER
    reboot: Known[bool] = NEVER
    record: Known[str | None] = NEVER
    deploying: Known[str | None] = NEVER
    cpu: Known[Cpu] = NEVER
    gpus: Known[tuple[str, ...]] = NEVER
    memory: Known[Memory] = NEVER
    filesystems: Known[tuple[Filesystem, ...]] = NEVER
    units: Known[Failed] = NEVER
    zfs: Known[tuple[Store, ...]] = NEVER
    btrfs: Known[tuple[Store, ...]] = NEVER
    md: Known[tuple[Store, ...]] = NEVER
    disks: Known[tuple[Disk, ...]] = NEVER
    interfaces: Known[tuple[Interface, ...]] = NEVER
    tunnels: Known[tuple[Tunnel, ...]] = NEVER
    listening: Known[tuple[Listener, ...]] = NEVER
    guests: Known[tuple[Guest, ...]] = NEVER
    databases: Known[Mapping[str, int]] = NEVER
    logins: Known[tuple[Login, ...]] = NEVER
    paths: Mapping[str, Known[int | None]] = field(default_factory=dict[str, "Known[int | None]"])
    growth: tuple[Growth, ...] = ()
