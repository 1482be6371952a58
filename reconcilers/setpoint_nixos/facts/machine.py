"""The machine itself: its system, processors, memory, clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Cpu, Known, Memory, Os
from setpoint_nixos.facts.parts import Part, RubbishError, complete, decimal, natural, one_line, pairs, wanted
from setpoint_nixos.facts.storage import blocks

_MACHINE: Final = re.compile(r"[0-9a-f]{32}")
_BOOT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG: Final = 120
"""Characters of a name of a graphics processor."""
_MODELS: Final = ("model name", "Model", "Hardware", "cpu model")


def machine_id(part: Part) -> str:
    """What tells this installation from every other."""
    return _shaped(one_line(part), _MACHINE)


def boot_id(part: Part) -> str:
    """What tells this boot from every other."""
    return _shaped(one_line(part), _BOOT)


def _shaped(text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise RubbishError(f"'{text[:40]}' is no such id")
    return text


def uptime(part: Part) -> float:
    """Seconds since it booted."""
    return decimal(one_line(part).split(" ")[0])


def clock(part: Part) -> int:
    """Its time, seconds since the epoch."""
    return natural(one_line(part))


def os_release(part: Part) -> Os:
    """The operating system."""
    found = {name: value.strip("\"'") for name, value in pairs(part, "=").items()}
    return Os(
        wanted(found, "ID"), found.get("PRETTY_NAME") or found.get("NAME", ""), found.get("VERSION_ID", "")
    )


def kernel(part: Part) -> tuple[str, str, str]:
    """Name and release of the kernel that runs, its architecture, and the host's own name."""
    match [line.split() for line in part.lines]:
        case [[name, release, architecture], [host]]:
            return f"{name} {release}", architecture, host
        case _:
            raise RubbishError("kernel, release, architecture and name were looked for")


def virtual(part: Part) -> str:
    """How it is virtualised."""
    return one_line(part)


def cpu(part: Part, load: Known[tuple[float, float, float]]) -> Cpu:
    """Its processors."""
    lines = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in part.lines)]
    threads = sum(name == "processor" for name, _ in lines)
    if not threads:
        raise RubbishError("it tells no processor")
    return Cpu(tuple(dict.fromkeys(value for name, value in lines if name in _MODELS)), threads, load)


def load_average(part: Part) -> tuple[float, float, float]:
    """The load over one, five and fifteen minutes."""
    match one_line(part).split(" "):
        case [one, five, fifteen, *_]:
            return decimal(one), decimal(five), decimal(fifteen)
        case _:
            raise RubbishError("three numbers were looked for")


def memory(part: Part) -> Memory:
    """Its memory."""
    found = pairs(part, ":")

    def size(name: str) -> int:
        return 1024 * natural(wanted(found, name).removesuffix(" kB"))

    return Memory(size("MemTotal"), size("MemAvailable"), size("SwapTotal"), size("SwapFree"))


def gpus(part: Part, names: Known[Mapping[str, str]]) -> tuple[str, ...]:
    """Its graphics processors: place, ids of vendor and device, driver, and the name where one is known."""
    return tuple(_gpu(line.split(), names) for line in complete(part))


def _gpu(words: list[str], names: Known[Mapping[str, str]]) -> str:
    name = "" if isinstance(names, Unknown) else names.get(words[0], "")
    return " ".join([*words, f"({name})"] if name else words)


def cards(part: Part) -> Mapping[str, str]:
    """What graphics processors are called, by their places."""
    named = {place: pairs(Part("\n".join(lines), 0), ":") for place, lines in blocks(complete(part))}
    return {
        place: f"{told.get('Vendor', '')} {told.get('Device', '')}".strip()[:_LONG]
        for place, told in named.items()
    }


def yes_or_no(part: Part) -> bool:
    """What a part that says `yes` or `no` says."""
    answer = one_line(part)
    if answer not in {"yes", "no"}:
        raise RubbishError("yes or no was looked for")
    return answer == "yes"


def synced(part: Part) -> bool:
    """Whether systemd says that the clock follows a source of time."""
    return wanted(pairs(part, "="), "NTPSynchronized") == "yes"


def tracked(part: Part) -> bool:
    """Whether chrony says so."""
    return wanted(pairs(part, ":"), "Leap status") != "Not synchronised"
