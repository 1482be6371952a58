"""Keeps unsupported.txt: what the real API has and this one answers with 501; a test holds it to be exact.

Run as `python -m setpoint_lab.proxmox.unsupported` to write it.
"""

from __future__ import annotations

from pathlib import Path

from setpoint_lab.proxmox import app
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.routes import ROUTES
from setpoint_lab.proxmox.schema import load

LIST = Path(__file__).with_name("unsupported.txt")

KNOWN_EVENTS = frozenset(
    {
        "apply_fails",
        "guest_lock_held",
        "guest_unlock",
        "kill_worker",
        "node_offline",
        "node_online",
        "packets_dropped",
        "packets_pass",
        "quorum",
        "reply_fails",
        "service_freeze",
        "service_restart",
        "service_start",
        "service_stop",
        "service_unfreeze",
        "task_fails",
    }
)
"""The kinds of events that recordings know beside plain requests and pauses."""


HEAD = f"# What {app.__name__.partition('.app')[0]} answers with 501; written by its module `unsupported`.\n"


def unsupported() -> list[str]:
    """The lines of the list: `METHOD /path/{name}` and `EVENT kind`."""
    methods = [f"{name} {path}" for name, path in load().methods if (name, path) not in ROUTES]
    events = [f"EVENT {kind}" for kind in KNOWN_EVENTS - set(EVENTS)]
    return sorted(methods, key=lambda line: line.split()[::-1]) + sorted(events)


def main() -> None:
    """Write the list."""
    LIST.write_text(HEAD + "".join(f"{line}\n" for line in unsupported()), encoding="utf-8")


if __name__ == "__main__":
    main()
