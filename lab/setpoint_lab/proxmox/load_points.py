"""Load over time, from what is always idle; neighbours: the calls of VMs, containers and storages for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.configured import ConfiguredGuest

_SPANS = {
    "hour": (60, 60),
    "day": (60, 1440),
    "week": (1800, 336),
    "month": (1800, 1440),
    "year": (21600, 1460),
}
"""Seconds between two points, and how many there are."""

FIGURES = ("cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "netin", "netout", "diskread", "diskwrite")
"""What is told of a guest at each point."""


def span(call: Call) -> int:
    """The seconds between two points of what the request names."""
    return _SPANS[call.text("timeframe")][0]


def times(call: Call) -> range:
    """The points in time of the span that the request names, in seconds since the epoch."""
    step, count = _SPANS[call.text("timeframe")]
    last = int(call.world.clock.now()) // step * step
    return range(last - (count - 1) * step, last, step)


def load_points(call: Call, guest: ConfiguredGuest, born: int) -> list[dict[str, object]]:
    """One row per point in time; before the guest was made a row has nothing but its time."""
    figures = guest.summary()
    return [
        {"time": at} | ({key: figures[key] for key in FIGURES} if at >= born else {}) for at in times(call)
    ]
