"""A VM's config file; neighbour: `config_file`, which reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from setpoint_lab.proxmox.config_file import ConfigFile
from setpoint_lab.proxmox.qemu import options


@dataclass(slots=True)
class Config(ConfigFile):
    """What a VM's config file says; a description loses the blanks that trail."""

    @staticmethod
    def canonical(key: str, value: str) -> str:
        """Integers without leading zeros, booleans as 1 and 0."""
        return options.canonical(key, value)

    @staticmethod
    def shown(key: str, value: str) -> object:
        """A value as answers show it."""
        return options.shown(key, value)

    @staticmethod
    def described(lines: str) -> str:
        """The description without what trails."""
        return lines.rstrip()


@lru_cache(maxsize=4096)
def parsed(text: str) -> Config:
    """The config that a text says, for those who only look at it: all get the same one."""
    return Config.parse(text)
