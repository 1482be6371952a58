"""Says how a place in a reply of Proxmox is compared: strictly, as a load, in order, as a log; and what is trivial."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.conformance.tokens import HEX

if TYPE_CHECKING:
    from tests.conformance.model import Exchange, Json

BODY = ""

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

CUT = re.compile(r"<cut>|<redacted>|\.\.<cut>")
_SECRETS = (
    ("ticket", re.compile(r"PVE:")),
    ("csrf", re.compile(r"[0-9A-F]{8}:")),
    ("uuid", re.compile(rf"{HEX}{{8}}-")),
)

TIME_KEYS = frozenset(
    {"starttime", "endtime", "ctime", "snaptime", "time", "timestamp", "next-run", "last_sync", "last_try"}
)
"""Keys whose number is a time in seconds since the epoch, unless it is small."""

PROCESS_KEYS = frozenset({"pid", "pstart"})
"""Keys whose number belongs to a process."""

FIRST_TIME = 1_600_000_000

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


def is_ordered(exchange: Exchange, path: str) -> bool:
    """Whether the order of the reply's lists counts; it does for all of them or for none."""
    del path
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


def compared(exchange: Exchange, recorded: Json, emulated: Json) -> tuple[Json, Json]:
    """Both bodies as they are: all of every reply is compared."""
    del exchange
    return recorded, emulated


def number_kind(key: str, value: float) -> str | None:
    """The class of a number under a key: `time`, `pid`, `pstart`, or None when it is an ordinary number."""
    if key in PROCESS_KEYS:
        return key
    return "time" if key in TIME_KEYS and value >= FIRST_TIME else None


def cut_kind(text: str) -> str | None:
    """The class of a secret of which the recording holds only the beginning, None when nothing was cut."""
    if CUT.search(text) is None:
        return None
    return next((kind for kind, start in _SECRETS if start.match(text)), "secret")


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
