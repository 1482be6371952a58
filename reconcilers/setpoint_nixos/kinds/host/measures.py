"""The numbers of a host for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.measure import Measure, Unit, only
from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Facts, Known, Memory, Nixos
from setpoint_nixos.kinds.host.problems import every
from setpoint_nixos.kinds.host.state import HostState

Numbers = Mapping[tuple[str, ...], float]


def _memory(state: HostState) -> Memory | None:
    return None if isinstance(state.facts.memory, Unknown) else state.facts.memory


def _nixos(state: HostState) -> Nixos | None:
    return None if isinstance(state.facts.nixos, Unknown) else state.facts.nixos


def _number(value: Known[float]) -> Numbers:
    return only(None if isinstance(value, Unknown) else float(value))


def _available(state: HostState) -> Numbers:
    memory = _memory(state)
    return only(None if memory is None else memory.available)


def _total(state: HostState) -> Numbers:
    memory = _memory(state)
    return only(None if memory is None else memory.total)


def _free(state: HostState) -> Numbers:
    found = sorted(every(state.facts.filesystems), key=lambda each: each.free)
    return {(each.place,): float(each.free) for each in found}


def _size(state: HostState) -> Numbers:
    found = sorted(every(state.facts.filesystems), key=lambda each: each.free)
    return {(each.place,): float(each.size) for each in found}


def _healthy(state: HostState) -> Numbers:
    facts = state.facts
    stores = (*every(facts.zfs), *every(facts.btrfs), *every(facts.md))
    return {(each.make, each.name): float(not each.trouble) for each in stores}


def _scrubbed(state: HostState) -> Numbers:
    stores = (*every(state.facts.zfs), *every(state.facts.btrfs))
    return {(each.make, each.name): each.scrubbed for each in stores if isinstance(each.scrubbed, float)}


def _disks(state: HostState) -> Numbers:
    return {
        (each.device,): float(each.well) for each in every(state.facts.disks) if isinstance(each.well, bool)
    }


def _failed(state: HostState) -> Numbers:
    units = state.facts.units
    return only(None if isinstance(units, Unknown) else len(units.units))


def _reboot(state: HostState) -> Numbers:
    return only(_wants_reboot(state.facts, _nixos(state)))


def _wants_reboot(facts: Facts, nixos: Nixos | None) -> float | None:
    if nixos is not None and isinstance(nixos.restart, tuple):
        return float(bool(nixos.restart) or facts.reboot is True)
    return None if isinstance(facts.reboot, Unknown) else float(facts.reboot)


def _made(state: HostState) -> Numbers:
    nixos = _nixos(state)
    return {} if nixos is None else _number(nixos.made)


def _generation(state: HostState) -> Numbers:
    nixos = _nixos(state)
    return {} if nixos is None else _number(nixos.generation)


def _databases(state: HostState) -> Numbers:
    found = state.facts.databases
    if isinstance(found, Unknown):
        return {}
    return {(name,): float(size) for name, size in sorted(found.items(), key=lambda each: -each[1])}


def _paths(state: HostState) -> Numbers:
    return {(path,): float(size) for path, size in state.facts.paths.items() if isinstance(size, int)}


def _system(state: HostState) -> Numbers:
    os, kernel = state.facts.os, state.facts.kernel
    if isinstance(os, Unknown) or isinstance(kernel, Unknown):
        return {}
    return {(os.id, os.version, kernel): 1.0}


_STORE: Final = ("make", "store")
MEASURES: Final[tuple[Measure[HostState], ...]] = (
    Measure("", Unit.INFO, "The operating system and its kernel.", _system, ("os", "version", "kernel")),
    Measure("uptime", Unit.SECONDS, "Since it booted.", lambda state: _number(state.facts.uptime)),
    Measure("clock_ahead", Unit.SECONDS, "By how much its clock is ahead of ours.", lambda state: _number(state.facts.ahead)),
    Measure("memory_available", Unit.BYTES, "Memory that programs can still have.", _available),
    Measure("memory", Unit.BYTES, "All its memory.", _total),
    Measure("filesystem_free", Unit.BYTES, "Room on a filesystem.", _free, ("mountpoint",)),
    Measure("filesystem_size", Unit.BYTES, "Size of a filesystem.", _size, ("mountpoint",)),
    Measure("storage_healthy", Unit.NONE, "Whether a pool of ZFS, a btrfs or an array of md is well.", _healthy, _STORE),
    Measure("scrubbed", Unit.MOMENT, "When a pool of ZFS, a btrfs or an array of md was last scrubbed.", _scrubbed, _STORE),
    Measure("disk_healthy", Unit.NONE, "Whether SMART says that a disk is well.", _disks, ("device",)),
    Measure("units_failed", Unit.NONE, "Units that failed.", _failed),
    Measure("reboot_needed", Unit.NONE, "Whether only a reboot brings into force what is installed.", _reboot),
    Measure("generation", Unit.NONE, "The number of the system's generation.", _generation),
    Measure("generation_made", Unit.MOMENT, "When the system's generation was set.", _made),
    Measure("database_size", Unit.BYTES, "Size of a database of PostgreSQL.", _databases, ("database",)),
    Measure("path_size", Unit.BYTES, "Size of a watched path.", _paths, ("path",)),
)  # fmt: skip
