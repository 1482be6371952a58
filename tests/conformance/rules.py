"""Says how a place in a reply is compared: strictly, as a figure of load, in order, as a log; and what is trivial."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conformance.model import Exchange, Json

LOAD = frozenset(
    {
        *("cpu", "mem", "memhost", "uptime", "loadavg", "idle", "wait", "ksm"),
        *("netin", "netout", "diskread", "diskwrite"),
        *("disk", "used", "avail", "available", "free", "used_fraction"),
    }
)
"""Keys of figures that differ from moment to moment."""

CAPACITY = frozenset({"total", "maxdisk", "maxmem", "maxcpu"})
"""Keys of sizes that belong to the machine, unless the object is a guest."""

MACHINE = frozenset({"cpuinfo", "current-kernel", "kversion", "boot-info"})
"""Keys that describe the hardware and kernel of a node."""

SETS = frozenset({"content"})
"""Keys whose text is a list in random order, separated by commas."""

NAMES = (
    *("upid", "vmid", "id", "key", "name", "subdir", "storage", "volid", "userid", "tokenid"),
    *("poolid", "roleid", "realm", "iface", "zone", "vnet", "node", "time"),
)
"""Keys that tell the members of a list apart, for people who read a difference."""

UNCOMPARED_HEADERS = frozenset({"date", "expires", "last-modified", "content-length"})

_LOG = re.compile(r"/tasks/[^/]+/log$")
_TASKS = re.compile(r"/tasks$")
_PAGE = frozenset({"start", "limit", "offset"})
_VOLUME = re.compile(
    r"[A-Za-z][A-Za-z0-9._-]*:(?:\d+/|(?:iso|vztmpl|backup|snippets|import)/|(?:base|vm|subvol|basevol)-\d+-)"
)
_UPID = re.compile(r"UPID:\S+:")


def is_log(exchange: Exchange) -> bool:
    """Whether the reply is the log of a task."""
    return _LOG.search(exchange.request.path) is not None


def is_ordered(exchange: Exchange) -> bool:
    """Whether the order of the reply's lists counts."""
    paged = not _PAGE.isdisjoint(exchange.request.params or {})
    return paged or _TASKS.search(exchange.request.path) is not None


def is_figure(key: str, value: Json, siblings: dict[str, Json]) -> bool:
    """Whether a member of an object is compared by presence and type only."""
    if key in MACHINE or key.startswith("pressure"):
        return True
    if key == "swap":
        return "maxswap" in siblings or isinstance(value, dict)
    if key in CAPACITY:
        return "vmid" not in siblings and "data" not in siblings
    return key in LOAD and not (key in {"cpu", "disk"} and isinstance(value, str))


def names_volume(line: str) -> bool:
    """Whether a line of a log names a volume."""
    return _VOLUME.search(line) is not None


def is_trivial(exchange: Exchange) -> bool:
    """Whether the recorded reply is null, an empty list, a bare task name or a task that went well."""
    body = exchange.reply.body
    if exchange.reply.status != 200 or not isinstance(body, dict):
        return False
    data = body.get("data")
    match data:
        case None | []:
            return True
        case str():
            return _UPID.fullmatch(data) is not None
        case {"status": "stopped", "exitstatus": "OK"} | [{"t": "TASK OK"}]:
            return True
        case _:
            return False
