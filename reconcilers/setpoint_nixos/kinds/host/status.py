"""What `status` shows of a host: its facts in few words; what is not known says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from setpoint.model.observation import Unknown
from setpoint.model.quantity import format_bytes, format_duration
from setpoint.model.tree import Json
from setpoint_nixos.facts.model import Facts, Filesystem, Known, Nixos, Store
from setpoint_nixos.kinds.host.problems import percent
from setpoint_nixos.kinds.host.state import HostState

T = TypeVar("T")
_MOST: Final = 20
"""Entries of a list that are shown."""


def status(state: HostState) -> dict[str, Json]:
    """The facts, in the order in which a person asks for them."""
    facts = state.facts
    return {
        "os": _told(facts.os, lambda found: found.name or found.id),
        "kernel": _told(facts.kernel, str),
        "virtual": _told(facts.virtual, str),
        "up": _told(facts.uptime, _span),
        **_nixos(facts.nixos),
        "cpu": _told(facts.cpu, lambda found: f"{found.threads} x {', '.join(found.models) or 'unnamed'}"),
        "memory": _told(facts.memory, lambda found: f"{format_bytes(found.available)} of {format_bytes(found.total)} available"),
        "gpus": _list(facts.gpus, str),
        "filesystems": _list(facts.filesystems, _filesystem),
        "storage": _storage(facts),
        "disks": _list(facts.disks, lambda disk: f"{disk.device}: {_told(disk.well, _health)}"),
        "units": _told(facts.units, lambda found: f"{found.state}, {len(found.units)} failed"),
        "clock": _told(facts.synced, lambda synced: "synchronised" if synced else "not synchronised"),
        "addresses": _list(facts.interfaces, lambda each: f"{each.name}: {', '.join(each.addresses) or 'none'}"),
        "vpn": _list(facts.tunnels, lambda each: f"{each.name}: {each.kind}"),
        "listening": _list(facts.listening, lambda each: f"{each.protocol} {each.address}:{each.port} {each.program}".strip()),
        "guests": _list(facts.guests, lambda each: f"{each.engine} {each.name}: {each.state}"),
        "databases": _told(facts.databases, lambda found: {name: format_bytes(size) for name, size in found.items()}),
        "logins": _list(facts.logins, lambda each: f"{each.user} {each.origin or each.terminal}"),
        "paths": {path: _told(size, lambda found: "not there" if found is None else format_bytes(found)) for path, size in facts.paths.items()},
        "growing": [f"{each.place}: {format_bytes(round(each.rate * 3600))} per hour" for each in facts.growth[:_MOST]],
    }  # fmt: skip


def _told(value: Known[T], text: Callable[[T], Json]) -> Json:
    return f"not known: {value.why}" if isinstance(value, Unknown) else text(value)


def _list(values: Known[tuple[T, ...]], text: Callable[[T], str]) -> Json:
    if isinstance(values, Unknown):
        return f"not known: {values.why}"
    more = [f"and {len(values) - _MOST} more"] if len(values) > _MOST else []
    return [*(text(each) for each in values[:_MOST]), *more]


def _nixos(nixos: Known[Nixos | None]) -> dict[str, Json]:
    if nixos is None:
        return {}
    if isinstance(nixos, Unknown):
        return {"nixos": f"not known: {nixos.why}"}
    return {
        "nixos": _told(nixos.version, str),
        "generation": _told(nixos.generation, int),
        "since": _told(nixos.made, _date),
        "running": _told(nixos.running, str),
    }


def _storage(facts: Facts) -> Json:
    def text(store: Store) -> str:
        scrubbed = store.scrubbed
        last = f", scrubbed {_date(scrubbed)}" if isinstance(scrubbed, float) else ""
        return f"{store.make} {store.name}: {store.trouble or 'well'}{last}"

    makes = {"zfs": facts.zfs, "btrfs": facts.btrfs, "md": facts.md}
    unknown = [
        f"{make} not known: {stores.why}" for make, stores in makes.items() if isinstance(stores, Unknown)
    ]
    known = [text(store) for stores in makes.values() if not isinstance(stores, Unknown) for store in stores]
    return [*known, *unknown]


def _filesystem(filesystem: Filesystem) -> str:
    return f"{filesystem.place}: {percent(filesystem)} % of {format_bytes(filesystem.size)}"


def _health(well: bool) -> str:  # noqa: FBT001  # it is what is told, and no switch
    return "well" if well else "fails"


def _span(seconds: float) -> str:
    return format_duration(timedelta(seconds=int(seconds) // 60 * 60))


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
