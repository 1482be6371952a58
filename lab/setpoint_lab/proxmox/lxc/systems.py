"""The systems that templates hold, as far as their names and containers show: distribution, architecture, systemd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.lxc import options
from setpoint_lab.proxmox.properties import split_properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.worker import Worker

UNKNOWN = "unmanaged"
SYSTEMD = 257
_KNOWN = (
    "alpine",
    "archlinux",
    "centos",
    "debian",
    "devuan",
    "fedora",
    "gentoo",
    "nixos",
    "opensuse",
    "ubuntu",
)
_ALSO = {"almalinux": "centos", "rockylinux": "centos"}
_WITHOUT_SYSTEMD = frozenset({"alpine", "devuan", "gentoo", UNKNOWN})
_ARCHITECTURES = {
    "amd64": "amd64|x86_64",
    "arm64": "arm64|aarch64",
    "i386": "i[36]86",
    "armhf": "armhf",
}


def distribution(template: str) -> str:
    """The distribution that a template's name speaks of."""
    name = template.rpartition("/")[2].lower()
    found = next((word for word in (*_KNOWN, *_ALSO) if word in name), UNKNOWN)
    return _ALSO.get(found, found)


def architecture(template: str) -> str:
    """The architecture that a template's name speaks of."""
    found = (arch for arch, words in _ARCHITECTURES.items() if re.search(words, template))
    return next(found, "amd64")


def look_inside(worker: Worker, inside: str, values: Mapping[str, str]) -> None:
    """Say what is odd about a container's system: another distribution than the config says, systemd without nesting."""
    said = values.get("ostype", inside)
    if said != inside:
        worker.log(f"got unexpected ostype ({inside} != {said})")
    flags = split_properties(options.TABLE.format("features"), values.get("features", ""))
    if inside not in _WITHOUT_SYSTEMD and flags.get("nesting") != "1":
        worker.warn(f"Systemd {SYSTEMD} detected. You may need to enable nesting.")
