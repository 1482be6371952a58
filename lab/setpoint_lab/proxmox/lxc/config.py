"""A container's config file; neighbour: `config_file`, which reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from setpoint_lab.proxmox.config_file import ConfigFile
from setpoint_lab.proxmox.lxc import options


@dataclass(slots=True)
class Config(ConfigFile):
    """What a container's config file says; numbers stay as they were written, a description ends with a line end."""

    PENDING = "pve:pending"

    @staticmethod
    def shown(key: str, value: str) -> object:
        """A value as answers show it."""
        return options.shown(key, value)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Config:
    """The config that a text says, for those who only look at it: all get the same one."""
    return Config.parse(text)
