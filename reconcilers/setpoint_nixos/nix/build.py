"""Where a system is built and how it gets to its host: each policy as the commands that it comes to. Nothing is run here."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from setpoint_nixos.nix import commands
from setpoint_nixos.nix.cache import Cache
from setpoint_nixos.nix.commands import Command
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.workshop import Work

_SOON: Final = {"connect-timeout": "10", "stalled-download-timeout": "15", "download-attempts": "2"}
"""A cache that hangs is given up; Nix itself would wait for it for some minutes."""
NEXT: Final = "setpoint-next"
"""The name of the link that keeps a path at a host until a profile does."""


@dataclass(frozen=True)
class Local:
    """Built on this machine."""


@dataclass(frozen=True)
class OnTarget:
    """Built on the host itself, from the derivation that was evaluated here."""


@dataclass(frozen=True)
class OnBuilder:
    """Built on another host, and copied from there through this machine."""

    name: str


@dataclass(frozen=True)
class Machine:
    """A machine that Nix itself hands builds to.

    Attributes:
        store: where it is, e.g. `ssh-ng://nix@builder1`.
        platforms: what it builds for.
        key_file: the private key, readable by whoever runs Nix's builds; empty for that user's own.
        host_key: the one public key that it may show: `ssh-ed25519 AAAA…`; empty where a bridge leads to it.
        jobs: how many builds it takes at once.
        features: what it has, e.g. `kvm`.
        way: the name of the host to which a bridge leads; empty for one that Nix goes to by itself.
    """

    store: str
    platforms: tuple[str, ...]
    host_key: str = ""
    key_file: str = ""
    jobs: int = 1
    features: tuple[str, ...] = ()
    way: str = ""

    def line(self) -> str:
        """As Nix takes it in `builders`."""
        key = base64.b64encode(" ".join(self.host_key.split()[:2]).encode()).decode() or "-"
        fields = (
            self.store,
            ",".join(self.platforms),
            self.key_file,
            str(self.jobs),
            "1",
            ",".join(self.features),
        )
        return " ".join(field or "-" for field in (*fields, "-", key))


@dataclass(frozen=True)
class Distributed:
    """Built piece by piece on several machines, and gathered on this one."""

    machines: tuple[Machine, ...]


@dataclass(frozen=True)
class FromCache:
    """The host fetches it from binary caches, whose keys it is told to trust.

    Attributes:
        publish: into which of them it is put after it was built on this machine; None when somebody else does that.
    """

    caches: tuple[Cache, ...]
    publish: Cache | None = None


Policy: TypeAlias = Local | OnTarget | OnBuilder | Distributed | FromCache


@dataclass(frozen=True)
class Call:
    """A command, and where it is run.

    Attributes:
        where: the host; empty for this machine.
        reaches: the hosts whose stores it uses, each by a bridge.
        signs: whether it is given the signing key.
    """

    work: Work
    command: Command
    where: str = ""
    reaches: tuple[str, ...] = ()
    signs: bool = False


@dataclass(frozen=True)
class Order:
    """What is to be had where.

    Attributes:
        host: for which it is.
        root: the link on this machine that keeps what is built here.
        stores: of hosts, as Nix on this machine takes them, by name.
        links: the folders of hosts for links that keep paths there, by name.
        signed: whether there is a key to sign with, for a host that does not trust whoever deploys to it.
    """

    system: System
    host: str
    root: str
    stores: Mapping[str, str]
    links: Mapping[str, str]
    signed: bool = False


def building(policy: Policy, order: Order) -> tuple[Call, ...]:
    """What builds the system, wherever the policy says; nothing where somebody else does."""
    drv = order.system.drv
    match policy:
        case Local():
            return (Call(Work.BUILDING, commands.realise(drv, order.root)),)
        case OnTarget():
            return _at(order.host, order, NEXT)
        case OnBuilder(name):
            return _at(name, order, f"{NEXT}-for-{order.host}")
        case Distributed(machines):
            options = {"max-jobs": "0", "builders": " ; ".join(machine.line() for machine in machines)}
            ways = tuple(dict.fromkeys(machine.way for machine in machines if machine.way))
            return (Call(Work.BUILDING, commands.realise(drv, order.root, options), reaches=ways),)
        case FromCache(publish=None):
            return ()
        case FromCache():
            return (Call(Work.BUILDING, commands.realise(drv, order.root)),)
        case _:
            assert_never(policy)


def delivering(policy: Policy, order: Order) -> tuple[Call, ...]:
    """What brings the built system to its host and keeps it there until it is activated."""
    out, store = order.system.out, order.stores
    link = f"{order.links[order.host]}/{NEXT}"
    keep = Call(Work.COPYING, commands.realise(out, link), order.host)
    match policy:
        case Local() | Distributed():
            send = Call(Work.COPYING, commands.copy((out,), store[order.host]), "", (order.host,))
            return (*_signing(order), send, keep)
        case OnTarget():
            return (keep,)
        case OnBuilder(name):
            command = commands.copy((out,), store[order.host], source=f"ssh-ng://{name}")
            send = Call(Work.COPYING, command, "", (name, order.host))
            return (*_signing(order, name), send, keep)
        case FromCache(caches, publish):
            options = {"substituters": " ".join(cache.url for cache in caches), **_SOON}
            if keys := " ".join(cache.key for cache in caches if cache.key):
                options["extra-trusted-public-keys"] = keys
            fetch = Call(Work.COPYING, commands.realise(out, link, options), order.host)
            return (fetch,) if publish is None else (_publishing(out, publish), fetch)
        case _:
            assert_never(policy)


def _signing(order: Order, builder: str = "") -> tuple[Call, ...]:
    """Sign where it was built: a signature travels with its path."""
    if not order.signed:
        return ()
    reaches = (builder,) if builder else ()
    command = commands.sign(order.system.out, order.stores[builder] if builder else "")
    return (Call(Work.COPYING, command, "", reaches, signs=True),)


def _publishing(out: str, cache: Cache) -> Call:
    return Call(Work.COPYING, commands.publish(out, cache.place), signs=True)


def _at(name: str, order: Order, link: str) -> tuple[Call, ...]:
    drv = order.system.drv
    return (
        Call(Work.COPYING, commands.copy_derivation(drv, order.stores[name]), "", (name,)),
        Call(Work.BUILDING, commands.realise(drv, f"{order.links[name]}/{link}"), name),
    )
