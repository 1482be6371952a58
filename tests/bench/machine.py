"""On what the figures were measured."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    """Cores, memory, versions and load, as they are now."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "memoryGiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "kernel": platform.release(),
        "sqlite": sqlite3.sqlite_version,
        "git": subprocess.run(
            ("git", "--version"), capture_output=True, text=True, check=True
        ).stdout.split()[2],
        "pydantic": version("pydantic"),
    }


def sentence(found: dict[str, Any]) -> str:
    """The same in a line."""
    load = " ".join(map(str, found["load"]))
    return (
        f"{found['cores']} cores ({found['cpu']}), {found['memoryGiB']} GiB, load {load}; "
        f"Python {found['python']}, SQLite {found['sqlite']}, git {found['git']}, pydantic {found['pydantic']}"
    )


def processors() -> float:
    """Seconds of processors that this process took so far, and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
