"""What is true of the simulated estate, whatever the daemon remembers or believes; the rules judge by it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from setpoint.model.key import Key
from setpoint_lab.proxmox.configured import ConfiguredGuest
from setpoint_lab.proxmox.dispatch import Request
from setpoint_proxmox.mark import parse_mark, split_tags, without_mark
from tests.simulation.declared import Machine, Repository, kind_of
from tests.simulation.site import Site
from tests.systems.proxmox.drive import TOKEN

ESTATE = "home"
LAG = 300.0
"""Seconds in which the daemon may still go by a version that is not the newest: a pass ends what it began."""
OLD = 3 * 86_400.0
"""Seconds by which guests are made older than they are: no storm lasts for days."""
MEBI = {"MiB": 1, "GiB": 1024}


def key_of(name: str) -> Key:
    """The key of the guest `name`."""
    return Key("default", kind_of(name), name)


def target_of(name: str) -> Key:
    """The key of the target `name`."""
    return Key("default", "ProxmoxCluster", name)


@dataclass(frozen=True)
class Write:
    """A request of the daemon that may change something.

    Attributes:
        verb: `create`, `destroy`, or the last parts of the path: `config`, `status/start`.
        vmid: 0 when it names none.
        form: what it sends.
        request: as it was sent; another one of the same content is the same write.
    """

    site: Site
    method: str
    path: str
    verb: str
    vmid: int
    form: dict[str, str]
    request: Request = field(compare=False)

    @classmethod
    def read(cls, site: Site, request: Request) -> Write:
        """What a request is about."""
        place = urlsplit(request.target)
        path = place.path.removeprefix("/api2/json")
        form = dict(parse_qsl(request.body.decode() or place.query, keep_blank_values=True))
        verb, vmid = _about(path, form)
        return cls(site, request.method, path, verb, vmid, form, request)

    def __str__(self) -> str:
        return f"{self.method} {self.site.name}{self.path} {self.form}"


def _about(path: str, form: dict[str, str]) -> tuple[str, int]:
    """What a path wants done, and to which VM."""
    match path.split("/")[1:]:
        case ["nodes", _, "qemu" | "lxc"]:
            return "create", int(form.get("vmid", 0))
        case ["nodes", _, "qemu" | "lxc", _, "clone"]:
            return "create", int(form.get("newid", 0))
        case ["nodes", _, "qemu" | "lxc", vmid, *rest]:
            return "/".join(rest) or "destroy", int(vmid)
        case _:
            return path.strip("/"), int(form.get("vms", 0) or 0)


@dataclass
class Guest:
    """A VM that is or was there.

    Attributes:
        name: of the resource that it is; empty for a stranger's.
        mac: of net0, as it must stay.
        tainted: why nothing could tell that it is ours, so that a second one is nobody's fault.
        born: from when on its age counts, seconds of the loop.
        stopping: it was begun to stop it, so that it is wiped.
        wiping: its destruction by schedule was begun, so that the making of the next one is free.
    """

    site: Site
    vmid: int
    name: str
    mac: str = ""
    alive: bool = True
    tainted: str = ""
    born: float = 0.0
    stopping: bool = False
    wiping: bool = False


@dataclass
class Truth:
    """Everything that is known for certain.

    Attributes:
        home: the cluster that each target is.
        had: names whose object the daemon knows to have been there, so that a new one needs a person's word.
        kept: names whose deletion somebody took back.
        allowed: what a person allowed: `recreate NAME`, `restart NAME`.
    """

    repository: Repository
    home: dict[str, Site] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)
    had: set[str] = field(default_factory=set)
    allowed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def guest(self, site: Site, vmid: int) -> Guest | None:
        """The VM that bears the id now."""
        return next((g for g in self.guests if g.alive and g.site is site and g.vmid == vmid), None)

    def living(self, name: str) -> list[Guest]:
        """Every VM that is this resource's."""
        return [guest for guest in self.guests if guest.alive and guest.name == name]

    def ancestors(self, name: str) -> set[str]:
        """The names that versions which the daemon got say it had; they may say so no more."""
        commits = (self.repository.commits[version] for version in self.repository.served)
        machines = (commit.machines.get(name) for commit in commits)
        return {machine.formerly for machine in machines if machine is not None and machine.formerly}

    def has_gone_on(self, name: str) -> bool:
        """Whether what bore the name goes on under another one, so that this is a new one."""
        others = self.repository.now.machines.keys() - {name}
        return any(name in self.ancestors(other) for other in others)

    def spoken(self, name: str, version: str) -> Iterator[Machine]:
        """What may be in force for `name` while `version` is: that, what it grew from, and what is newer than the lag."""
        now = max(self.repository.pushed.values())
        seen: set[str] = set()
        for candidate in (version, self.repository.head, *self.repository.pushed):
            recent = self.repository.pushed.get(candidate, -math.inf) > now - LAG
            if candidate in seen or candidate not in self.repository.commits:
                continue
            if recent or candidate in (version, self.repository.head):
                seen.add(candidate)
                machine = self.repository.commits[candidate].machines.get(name)
                if machine is not None:
                    yield machine


def is_old(guest: Guest, now: float) -> bool:
    """Whether it was made long ago, and not since the last wipe."""
    return now - guest.born > OLD / 2


def form_mark_name(description: str) -> str:
    """The name in the mark of a description that the daemon sends; empty without one of ours."""
    mark = parse_mark(description)
    return mark.key.name if mark is not None and mark.estate == ESTATE else ""


def differences(vm: ConfiguredGuest, machine: Machine) -> list[str]:
    """The declared fields that the VM does not have, by its own configuration and power; what waits counts as had."""
    config = vm.load()
    values = {**config.current, **config.pending}
    spec = machine.spec
    found: list[str] = []
    if int(values.get("cores", 1)) != spec["cores"]:
        found.append("cores")
    if int(values.get("memory", 512)) != mebibytes(str(spec["memory"])):
        found.append("memory")
    if "tags" in spec and split_tags(values.get("tags")) != {*spec["tags"], "setpoint"}:
        found.append("tags")
    if "description" in spec and without_mark(values.get("description", "")) != spec["description"]:
        found.append("description")
    power = "paused" if vm.machine is not None and vm.machine.paused else vm.status
    if "power" in spec and spec["power"] != power:
        found.append("power")
    return found


def mebibytes(text: str) -> int:
    """The size that a declaration says."""
    return int(text[:-3]) * MEBI[text[-3:]]


def pending_restart(vm: ConfiguredGuest) -> bool:
    """Whether something waits for the next start."""
    config = vm.load()
    return bool(config.pending or config.deletes)


def may_restart(machine: Machine, moment: float) -> bool:
    """Whether the policy lets a restart happen at `moment` (a minute more or less), seconds since the epoch."""
    reboot = machine.policy.get("reboot", "never")
    if reboot == "window":
        return any(in_window(str(machine.policy["window"]), moment + slack) for slack in (-60, 0, 60))
    return bool(reboot == "whenNeeded")


def in_window(text: str, moment: float) -> bool:
    """Whether a window `[day ]HH:MM-HH:MM`, in UTC and within a day, is open."""
    days, _, hours = text.rpartition(" ")
    at = datetime.fromtimestamp(moment, UTC)
    if days and f"{at:%a}".lower() not in days.split(","):
        return False
    opens, _, closes = hours.partition("-")
    return opens <= f"{at:%H:%M}" < closes


def by_daemon(user: str) -> bool:
    """Whether what a user did was the daemon's doing."""
    return user == TOKEN


def options(form: dict[str, str]) -> dict[str, Any]:
    """The options that a write of a configuration sets."""
    return {name: value for name, value in form.items() if name not in ("digest", "delete", "vmid")}
