"""What is wrong with a host, from its facts alone; what is not known is no problem, and no all-clear either: status says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from setpoint.model.kind import Problem
from setpoint.model.observation import Unknown
from setpoint.model.quantity import format_bytes, format_duration
from setpoint_nixos.facts.model import Facts, Filesystem, Known
from setpoint_nixos.kinds.host.spec import Watch
from setpoint_nixos.kinds.host.state import HostState

T = TypeVar("T")
_SHARED_CLOCK: Final = frozenset(
    {"lxc", "lxc-libvirt", "docker", "podman", "systemd-nspawn", "openvz", "container-other"}
)
"""Containers: their clock is that of the machine below, which keeps it."""


def problems(state: HostState) -> tuple[Problem, ...]:
    """All of them, each with what to do."""
    return (
        *_storage(state.facts),
        *_scrubs(state.facts, state.watch),
        *_disks(state.facts),
        *_units(state.facts, state.watch),
        *_filesystems(state.facts, state.watch),
        *_filling(state.facts, state.watch),
        *_clock(state.facts, state.watch),
        *_reboot(state.facts),
    )


def every(values: Known[tuple[T, ...]]) -> tuple[T, ...]:
    """What is known to be there."""
    return () if isinstance(values, Unknown) else values


def _storage(facts: Facts) -> Iterator[Problem]:
    for store in (*every(facts.zfs), *every(facts.btrfs), *every(facts.md)):
        if store.trouble:
            yield Problem("StorageDegraded", f"{store.make} {store.name}: {store.trouble}")


def _scrubs(facts: Facts, watch: Watch) -> Iterator[Problem]:
    for store in (*every(facts.zfs), *every(facts.btrfs)):
        if isinstance(store.scrubbed, float) and facts.at - store.scrubbed > watch.scrub.total_seconds():
            day = datetime.fromtimestamp(store.scrubbed, UTC).strftime("%Y-%m-%d")
            yield Problem("ScrubOverdue", f"{store.make} {store.name} was last scrubbed on {day}; scrub it")


def _disks(facts: Facts) -> Iterator[Problem]:
    for disk in every(facts.disks):
        if disk.well is False:
            yield Problem(
                "DiskFailing", f"SMART says that {disk.device} ({disk.model or 'no model'}) fails; replace it"
            )


def _units(facts: Facts, watch: Watch) -> Iterator[Problem]:
    if isinstance(facts.units, Unknown):
        return
    failed = [unit for unit in facts.units.units if not any(fnmatchcase(unit, each) for each in watch.units)]
    if failed:
        shown = ", ".join(failed[:5]) + (f" and {len(failed) - 5} more" if len(failed) > 5 else "")  # noqa: PLR2004
        yield Problem("UnitsFailed", f"failed: {shown}; see systemctl status {failed[0]}")


def _filesystems(facts: Facts, watch: Watch) -> Iterator[Problem]:
    for each in every(facts.filesystems):
        if each.size and percent(each) >= watch.full:
            yield Problem(
                "DiskFull", f"{each.place} is {percent(each)} % full, {format_bytes(each.free)} are free"
            )
        if isinstance(each.inodes, int) and each.inodes >= watch.full:
            yield Problem("DiskFull", f"{each.place} has used {each.inodes} % of its inodes")
        if each.place == "/" and each.read_only is True and facts.nixos is not None:
            yield Problem("StorageDegraded", "/ is mounted read-only; look for errors with dmesg")


def percent(filesystem: Filesystem) -> int:
    """How full it is for those who are not root, as df counts."""
    room = filesystem.used + filesystem.free
    return -(-100 * filesystem.used // room) if room else 0


def _filling(facts: Facts, watch: Watch) -> Iterator[Problem]:
    for each in facts.growth:
        if each.left is not None and each.left <= watch.filling.total_seconds():
            left = format_duration(timedelta(seconds=round(each.left / 60) * 60))
            paths = [path for path in facts.growth if path.left is None and path.place.startswith(each.place)]
            grows = f"; {paths[0].place} grows fastest of the watched paths" if paths else ""
            yield Problem("DiskFilling", f"{each.place} is full in {left} if it goes on like this{grows}")


def _clock(facts: Facts, watch: Watch) -> Iterator[Problem]:
    if isinstance(facts.ahead, float) and abs(facts.ahead) > watch.clock.total_seconds():
        way = "ahead of" if facts.ahead > 0 else "behind"
        yield Problem("ClockOff", f"its clock is {abs(facts.ahead):.0f} s {way} ours; see timedatectl")
    elif facts.synced is False and facts.virtual not in _SHARED_CLOCK:
        yield Problem("ClockOff", "its clock follows no source of time; see timedatectl")


def _reboot(facts: Facts) -> Iterator[Problem]:
    nixos = facts.nixos
    if (
        nixos is not None
        and not isinstance(nixos, Unknown)
        and isinstance(nixos.restart, tuple)
        and nixos.restart
    ):
        yield Problem(
            "RebootNeeded", f"it runs with the {', '.join(nixos.restart)} of an older system; reboot it"
        )
    elif facts.reboot is True:
        yield Problem("RebootNeeded", "its operating system asks for a reboot")
