"""The firewall files of one world; each belongs to the cluster, a node, a guest or a vnet."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.world import NO_QUORUM_SECONDS
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

Row = dict[str, object]

MODIFIED = "detected modified configuration - file changed by other user? Try again."
CLUSTER = "cluster"


@dataclass(slots=True)
class Group:
    """A security group: rules that others name together."""

    comment: str | None = None
    rules: list[Row] = field(default_factory=list[Row])


@dataclass(slots=True)
class IpSet:
    """A set of addresses, networks and aliases; `members` have `cidr` and perhaps `comment` and `nomatch`."""

    comment: str | None = None
    members: list[Row] = field(default_factory=list[Row])


@dataclass(slots=True)
class File:
    """One firewall file; rules are in the order in which they are asked, aliases and sets by name in small letters."""

    options: Row = field(default_factory=dict[str, object])
    rules: list[Row] = field(default_factory=list[Row])
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    ipsets: dict[str, IpSet] = field(default_factory=dict[str, IpSet])
    aliases: dict[str, Row] = field(default_factory=dict[str, Row])

    @property
    def digest(self) -> str:
        """Of the whole file."""
        empty = self == File()
        text = "" if empty else repr(asdict(self))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def check_digest(self, call: Call) -> None:
        """Raise when the request names another version of the file."""
        if call.text("digest") not in {"", self.digest}:
            raise ApiError.internal(MODIFIED)


class Firewalls:
    """The files by what they belong to: `cluster`, `node/pve1`, `vm/100` (containers too), `vnet/v1`."""

    KEY: ClassVar[str] = "firewall"

    def __init__(self, _world: World, given: object, /) -> None:
        """Begin with the section `firewall` of a state."""
        words: Mapping[str, Any] = given if is_object(given) else {}
        self._files = {owner: _file(entry) for owner, entry in words.items()}

    def state(self) -> object:
        """The section that makes these files."""
        return {owner: asdict(file) for owner, file in self._files.items() if file != File()}

    def of(self, owner: str) -> File:
        """The file of an owner, to read and to change; one that was never written is empty."""
        return self._files.setdefault(owner, File())

    def copy(self, vmid: int, newid: int) -> None:
        """Give a clone the firewall of its source."""
        if f"vm/{vmid}" in self._files:
            self._files[f"vm/{newid}"] = copy.deepcopy(self._files[f"vm/{vmid}"])

    def forget(self, owner: str) -> None:
        """Lose the file of an owner."""
        self._files.pop(owner, None)


def owner_of(call: Call) -> str:
    """Whose firewall a request is about."""
    for name, kind in (("vmid", "vm"), ("vnet", "vnet"), ("node", "node")):
        if name in call.params:
            return f"{kind}/{call.params[name]}"
    return CLUSTER


def file_of(call: Call) -> File:
    """The file that a request is about."""
    return call.world.part(Firewalls).of(owner_of(call))


def cluster_file(call: Call) -> File:
    """The file of the cluster, whose groups, sets and aliases all others may name."""
    return call.world.part(Firewalls).of(CLUSTER)


async def changing(call: Call) -> File:
    """The file that a request changes.

    Raises:
        ApiError: 500 after the wait for the cluster's lock when there is no quorum, or for an old digest.
    """
    if not call.world.quorate:
        await call.world.clock.sleep(NO_QUORUM_SECONDS)
        lock = owner_of(call).replace("/", "-")
        raise ApiError.internal(f"cfs-lock 'firewall-{lock}' error: no quorum!")
    file = file_of(call)
    file.check_digest(call)
    call.world.changed()
    return file


def _file(entry: Mapping[str, Any]) -> File:
    return File(
        dict(entry.get("options", {})),
        [dict(rule) for rule in entry.get("rules", [])],
        {name: Group(**group) for name, group in entry.get("groups", {}).items()},
        {name: IpSet(**ipset) for name, ipset in entry.get("ipsets", {}).items()},
        {name: dict(alias) for name, alias in entry.get("aliases", {}).items()},
    )


def _forget(world: World, vmid: int, _purge: bool) -> None:  # noqa: FBT001  # as removal calls it
    world.part(Firewalls).forget(f"vm/{vmid}")


removal.FORGETS.append(_forget)
