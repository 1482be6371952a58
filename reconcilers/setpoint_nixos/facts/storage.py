"""Filesystems, and what lies below them: pools, arrays and disks."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable
from typing import Final

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Disk, Filesystem, Known, Store
from setpoint_nixos.facts.parts import (
    Part,
    RubbishError,
    complete,
    count,
    json_of,
    mapping,
    natural,
    number,
    word,
)

_FLEETING: Final = frozenset(
    {"tmpfs", "devtmpfs", "squashfs", "overlay", "efivarfs", "ramfs", "iso9660", "rootfs"}
)
"""Filesystems that are no storage, or always full."""
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DATE: Final = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})", re.ASCII)
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")
_UNTOLD: Final = Unknown("how it is mounted was not told")
_STANDBY: Final = 2
"""The bit of smartctl's status that says that the device was not asked, e.g. for it sleeps."""


def filesystems(
    part: Part, inodes: Known[dict[str, int | None]], modes: Known[dict[str, bool]]
) -> tuple[Filesystem, ...]:
    """Those of disks that are mounted, from what df says; one that is mounted twice is one."""
    found: dict[str, Filesystem] = {}
    for line in _table(part):
        match line.split(None, 6):
            case [device, kind, size, used, free, _, place]:
                total, taken, left = (1024 * natural(each) for each in (size, used, free))
            case _:
                raise RubbishError(f"'{line[:60]}' is no line of df")
        if kind in _FLEETING:
            continue
        found.setdefault(
            device if device.startswith("/") else place,
            Filesystem(
                place, device, kind, total, taken, left,
                inodes=inodes if isinstance(inodes, Unknown) else inodes.get(place),
                read_only=modes if isinstance(modes, Unknown) else modes.get(place, _UNTOLD),
            ),
        )  # fmt: skip
    return tuple(found.values())


def inodes(part: Part) -> dict[str, int | None]:
    """Percent of inodes that are used, by place."""
    found: dict[str, int | None] = {}
    for line in _table(part):
        match line.split(None, 5):
            case [_, _, _, _, percent, place]:
                found[place] = number(percent.removesuffix("%"))
            case _:
                raise RubbishError(f"'{line[:60]}' is no line of df")
    return found


def modes(part: Part) -> dict[str, bool]:
    """Whether what is mounted is read-only, by place."""
    found: dict[str, bool] = {}
    for line in part.lines:
        match line.split(" "):
            case [_, place, _, options, *_]:
                found[_plain(place)] = "ro" in options.split(",")
            case _:
                raise RubbishError(f"'{line[:60]}' is no line of mounts")
    return found


def _table(part: Part) -> list[str]:
    lines = part.lines
    if not lines or not lines[0].startswith("Filesystem"):
        raise RubbishError("the head of a table was looked for")
    return lines[1:]


def _plain(place: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), place)


def zfs(part: Part) -> tuple[Store, ...]:
    """Its pools: the list says which there are, the long status how they are."""
    listed, divider, told = part.text.partition("\n==\n") if "\n==\n" in part.text else _no_pools(part.text)
    if not divider:
        raise RubbishError("list and status of the pools were looked for")
    rows = [line.partition("\t") for line in listed.splitlines() if line.strip()]
    if not all(health for _, _, health in rows):
        raise RubbishError("name and health of each pool were looked for")
    return tuple(_pool(name, health.strip(), told) for name, _, health in rows)


def _no_pools(text: str) -> tuple[str, str, str]:
    return "", "==" if text.startswith("==\n") else "", ""


def _pool(name: str, health: str, told: str) -> Store:
    blocks = re.split(r"^\s*pool: ", told, flags=re.MULTILINE)
    block = next((each for each in blocks if each.split("\n")[0].strip() == name), "")
    status = re.search(r"^status: (.*)", block, re.MULTILINE)
    trouble = "" if health == "ONLINE" else f"it is {health}"
    errors = re.search(r"^errors: (.*)", block, re.MULTILINE)
    if not trouble and errors is not None and errors[1].strip() != "No known data errors":
        trouble = f"it has errors: {errors[1].strip()}"
    if trouble and status is not None:
        trouble += f" ({status[1].strip()})"
    scan = re.search(r"^\s*scan: (.*)", block, re.MULTILINE)
    if scan is None:
        return Store("zfs", name, trouble, None if block else Unknown("its status was not told"))
    return Store("zfs", name, trouble, moment(scan[1]) if "scrub" in scan[1] else None)


def btrfs(part: Part) -> tuple[Store, ...]:
    """Those that are mounted."""
    return tuple(_btrfs(place, lines) for place, lines in blocks(complete(part)))


def _btrfs(place: str, lines: list[str]) -> Store:
    counters = [line.rpartition(" ") for line in lines if line.startswith("[")]
    wrong = [f"{name.strip()} is {value}" for name, _, value in counters if value.strip() != "0"]
    started = next((line for line in lines if line.strip().startswith("Scrub started:")), "")
    return Store("btrfs", place, ", ".join(wrong), moment(started) if started else None)


def md(part: Part) -> tuple[Store, ...]:
    """Arrays of md, with the date on which checks of all of them were begun last."""
    found: list[Store] = []
    for line in complete(part):
        name, _, rest = line.strip().partition(" ")
        values = dict(pair.split("=", 1) for pair in rest.split(" ") if "=" in pair)
        missing = number(values.get("degraded", "") or "0")  # an array without redundancy has no such number
        if missing is None:
            raise RubbishError(f"how many disks {name[:20]} lacks was looked for")
        action = values.get("action", "")
        what = f"it lacks {missing} disk{'s' if missing > 1 else ''}" if missing else ""
        checked = number(values.get("checked", ""))
        said = f"{what}, and recovers" if what and action == "recover" else what
        found.append(Store("md", name, said, None if checked is None else float(checked)))
    return tuple(found)


def smart(part: Part) -> tuple[Disk, ...]:
    """What smartctl says of each disk."""
    found = blocks(complete(part, "== all"))
    if any(device == "unknown" for device, _ in found):
        raise RubbishError("a list of disks was looked for")
    return tuple(_disk(device, "\n".join(lines)) for device, lines in found)


def _disk(device: str, text: str) -> Disk:
    try:
        told = mapping(json_of(text))
    except RubbishError as error:
        return Disk(device, "", Unknown(f"what SMART says is not understood: {error}"))
    passed = mapping(told.get("smart_status")).get("passed")
    status = count(mapping(told.get("smartctl")).get("exit_status")) or 0
    why = "it sleeps, or does not let itself be asked" if status & _STANDBY else "it does not tell its health"
    worn = count(mapping(told.get("nvme_smart_health_information_log")).get("percentage_used"))
    hours = count(mapping(told.get("power_on_time")).get("hours"))
    well = passed if isinstance(passed, bool) else Unknown(why)
    return Disk(device, word(told.get("model_name")), well, worn, hours)


def blocks(lines: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Lines below their heads `== NAME`."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("== "):
            found.append((line[3:].strip(), []))
        elif found:
            found[-1][1].append(line)
    return found


def moment(text: str) -> Known[float | None]:
    """The date in a text such as `Sun Nov 16 03:00:00 2025`, in UTC, as seconds since the epoch."""
    match = _DATE.search(text)
    if match is None or match[1] not in _MONTHS:
        return Unknown("the date of its last scrub is not understood")
    day, hour, minute, second, year = (int(match[number]) for number in range(2, 7))
    try:
        return float(timegm((year, _MONTHS.index(match[1]) + 1, day, hour, minute, second)))
    except ValueError:
        return Unknown("the date of its last scrub is none")
