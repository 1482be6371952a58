"""What one world's manager is told and what it has made of it; neighbours: `manager`, which acts, and the calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.untyped import is_object, objects

if TYPE_CHECKING:
    import asyncio

    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.world import World

Section = dict[str, object]

KINDS: Mapping[str, str] = {"qemu": "vm", "lxc": "ct"}
"""The prefix of a resource's id by the type of its guest."""


@dataclass(slots=True)
class Service:
    """What the manager knows of a resource.

    `since` is when its node was seen to be off, `task` what the manager waits for, `target` where it is going.
    """

    node: str
    state: str = "started"
    attempts: int = 0
    relocations: int = 0
    since: float | None = None
    task: str | None = None
    target: str | None = None
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """What the manager is asked for beside the wanted state: `migrate`, `relocate` (to `node`) or `stop`."""

    kind: str
    node: str | None = None
    hard: bool = False


class Ha:
    """Resources and rules by id, each with its `type` and options, and what the manager does with the resources."""

    KEY: ClassVar[str] = "ha"

    def __init__(self, world: World, given: object) -> None:
        """Begin with the section `ha` of a state."""
        words: Mapping[str, Any] = given if is_object(given) else {}
        self._world = world
        self.resources = _named(words.get("resources"), "sid")
        for sid, resource in self.resources.items():
            resource.setdefault("type", sid.partition(":")[0])
        self.rules = _named(words.get("rules"), "rule")
        self.armed = bool(words.get("armed", True))
        services: Mapping[str, Any] = words.get("services") or {}
        self.services = {sid: Service(**service) for sid, service in services.items()}
        self.commands: dict[str, Command] = {}
        self.daemon: asyncio.Task[None] | None = None

    def state(self) -> object:
        """The section that makes this again; a task that is waited for does not outlive it."""
        return {
            "resources": [{"sid": sid, **resource} for sid, resource in self.resources.items()],
            "rules": [{"rule": name, **rule} for name, rule in self.rules.items()],
            "armed": self.armed,
            "services": {
                sid: asdict(service) | {"task": None, "target": None}
                for sid, service in self.services.items()
            },
        }

    def wanted(self, sid: str) -> str | None:
        """The state that a resource shall be in: `started`, `stopped`, `disabled`, `ignored`; None for no resource."""
        resource = self.resources.get(sid)
        if resource is None:
            return None
        state = str(resource.get("state", "started"))
        return "started" if state == "enabled" else state

    def manages(self, sid: str) -> bool:
        """Whether the manager looks after the guest."""
        return self.wanted(sid) not in {None, "ignored"}

    def forget(self, sid: str, *, purge: bool) -> None:
        """Lose a resource; with `purge` rules lose it too, and are gone when it was their last."""
        self.resources.pop(sid, None)
        self.services.pop(sid, None)
        self.commands.pop(sid, None)
        for name, rule in list(self.rules.items()) if purge else []:
            left = [each for each in members(rule) if each != sid]
            rule["resources"] = ",".join(left)
            if not left:
                del self.rules[name]
        self._world.changed()


def members(rule: Section) -> list[str]:
    """The resources of a rule."""
    return split_list(str(rule.get("resources", "")))


def digest(sections: Mapping[str, Section]) -> str:
    """Of the whole file: any change to any section makes another one."""
    text = "".join(f"{name} {sorted(section.items())}\n" for name, section in sections.items())
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def sid_of(guest: Guest) -> str:
    """The id of a guest's resource, `vm:100`."""
    return f"{KINDS[guest.type]}:{guest.vmid}"


def guest_of(world: World, sid: str) -> Guest | None:
    """The guest of a resource, if there is one of that number and type."""
    kind, _, name = sid.partition(":")
    guest = world.guests.get(int(name)) if name.isdigit() else None
    return guest if guest is not None and KINDS[guest.type] == kind else None


def _named(entries: object, name: str) -> dict[str, Section]:
    return {
        str(entry[name]): {
            key: value for key, value in entry.items() if key not in {name, "inferred"} and value is not None
        }
        for entry in objects(entries)
    }
