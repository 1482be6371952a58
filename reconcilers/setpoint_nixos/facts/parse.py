"""From the words of the script to Facts. It never fails: what is missing, cut or nonsense is Unknown, and says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from setpoint.model.observation import Unknown
from setpoint_nixos.facts import machine, network, nixos, services, storage
from setpoint_nixos.facts.model import Facts, Filesystem, Known, Store
from setpoint_nixos.facts.parts import NO_PROGRAM, NOTHING, Part, Parts, natural, one_line, split

T = TypeVar("T")


def parse(text: str, mark: str, begun: float, ended: float, paths: Sequence[str] = ()) -> Facts:
    """What a look tells that began and ended at these seconds since the epoch, by our clock."""
    parts = split(text, mark)
    kernel = parts.read("kernel", machine.kernel)
    interfaces = parts.read("addresses", network.interfaces)
    no_stores: tuple[Store, ...] = ()
    no_databases: dict[str, int] = {}
    return Facts(
        at=begun,
        machine_id=parts.read("machine", machine.machine_id),
        name=_item(kernel, 2),
        boot_id=parts.read("boot", machine.boot_id),
        uptime=parts.read("uptime", machine.uptime),
        ahead=_ahead(parts.read("clock", machine.clock), begun, ended),
        synced=_synced(parts),
        os=parts.read("os", machine.os_release),
        kernel=_item(kernel, 0),
        architecture=_item(kernel, 1),
        virtual=parts.read("virtual", machine.virtual),
        nixos=parts.read("nixos", nixos.nixos),
        reboot=parts.read("reboot", machine.yes_or_no),
        record=_raw(parts, "record"),
        deploying=_raw(parts, "status"),
        cpu=parts.read("cpu", lambda part: machine.cpu(part, parts.read("load", machine.load_average))),
        gpus=parts.read("gpu", lambda part: machine.gpus(part, parts.read("cards", machine.cards))),
        memory=parts.read("memory", machine.memory),
        filesystems=_filesystems(parts),
        units=parts.read("units", services.units),
        zfs=_unless_none(parts, "zfs", storage.zfs, no_stores),
        btrfs=parts.read("btrfs", storage.btrfs),
        md=parts.read("md", storage.md),
        disks=parts.read("smart", storage.smart),
        interfaces=interfaces,
        tunnels=network.tunnels(interfaces, parts.read("wireguard", network.handshakes)),
        listening=parts.read("listening", network.listening),
        guests=parts.read("containers", services.guests),
        databases=_unless_none(parts, "databases", services.databases, no_databases),
        logins=parts.read("logins", services.logins),
        paths=_paths(parts, paths),
    )


def _item(values: Known[tuple[str, str, str]], number: int) -> Known[str]:
    return values if isinstance(values, Unknown) else values[number]


def _ahead(clock: Known[int], begun: float, ended: float) -> Known[float]:
    """Between its two ends the look read the clock, which tells whole seconds."""
    if isinstance(clock, Unknown):
        return clock
    if begun - 1 <= clock <= ended:
        return 0.0
    return clock - ended if clock > ended else clock + 1 - begun


def _synced(parts: Parts) -> Known[bool]:
    """Of the two that may know, chrony counts where it runs."""
    tracked = parts.read("chrony", machine.tracked)
    return tracked if isinstance(tracked, bool) else parts.read("time", machine.synced)


def _raw(parts: Parts, name: str) -> Known[str | None]:
    if parts.ended(name, NOTHING):
        return None
    return parts.read(name, lambda part: part.text)


def _unless_none(parts: Parts, name: str, how: Callable[[Part], T], none: T) -> Known[T]:
    """What a host has no program for is known: there is none."""
    return none if parts.ended(name, NO_PROGRAM) else parts.read(name, how)


def _filesystems(parts: Parts) -> Known[tuple[Filesystem, ...]]:
    inodes, modes = parts.read("inodes", storage.inodes), parts.read("mounts", storage.modes)
    return parts.read("filesystems", lambda part: storage.filesystems(part, inodes, modes))


def _paths(parts: Parts, paths: Sequence[str]) -> Mapping[str, Known[int | None]]:
    found: dict[str, Known[int | None]] = {}
    for number, path in enumerate(paths):
        name = f"path.{number}"
        found[path] = None if parts.ended(name, NOTHING) else parts.read(name, _size)
    return found


def _size(part: Part) -> int:
    return 1024 * natural(one_line(part).split("\t")[0])
