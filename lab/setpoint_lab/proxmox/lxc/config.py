"""A container's config file; neighbour: `config_file`, which reads and writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from setpoint_lab.proxmox.config_file import RAW, ConfigFile
from setpoint_lab.proxmox.lxc import options

_RAW = re.compile(r"^(lxc\.[a-z0-9_.-]+)(?::|\s*=)\s*(.*?)\s*$")


@dataclass(slots=True)
class Config(ConfigFile):
    """What a container's config file says; numbers stay as they were written, a description ends with a line end."""

    PENDING = "pve:pending"

    @staticmethod
    def shown(key: str, value: str) -> object:
        """A value as answers show it; raw lines are pairs."""
        if key == RAW:
            return [list(found) for line in value.split("\n") for found in _RAW.findall(line)]
        return options.shown(key, value)

    @classmethod
    def raw(cls, line: str) -> str | None:
        """A line for the runtime below, which only somebody on the node can write."""
        return line.rstrip() if _RAW.match(line) else None


@lru_cache(maxsize=4096)
def parsed(text: str) -> Config:
    """The config that a text says, for those who only look at it: all get the same one."""
    return Config.parse(text)
