"""What a person writes about any guest. Neighbour: `texts`, the forms of names and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, model_validator

from setpoint.model.quantity import Bytes, Duration
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.host import GuestHost
from setpoint_proxmox.guest.names import Names
from setpoint_proxmox.guest.placement_spec import Placement
from setpoint_proxmox.guest.texts import NODE, POOL, VOLUME
from setpoint_proxmox.mark import TAG
from setpoint_proxmox.sizes import MIB

_TAG = re.compile(r"[a-z0-9_][a-z0-9_+.-]*")
_KEY = re.compile(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]{32,}={0,3}( [^\r\n]*)?")


class Power(StrEnum):
    """Whether a guest runs."""

    RUNNING = "running"
    STOPPED = "stopped"


class Startup(Spec):
    """When the guest starts and stops with its node."""

    order: int | None = described("Place in the order of starting; null for last.", None, ge=0)
    up: Duration | None = described(
        "Time until the next guest starts; null for at once.", None, examples=["30s"]
    )
    down: Duration | None = described("Time to shut down in; null for 3 minutes.", None, examples=["2m"])


def tags(value: Iterable[str]) -> tuple[str, ...]:
    """Tags as Proxmox keeps them, ours left out.

    Raises:
        ValueError: one is none.
    """
    found = {tag.lower() for tag in value}
    for tag in sorted(found):
        if not _TAG.fullmatch(tag):
            raise ValueError(
                f"'{tag}' is no tag; use letters, digits and _ + . - and begin with a letter, digit or _"
            )
    return tuple(sorted(found - {TAG}))


def public_keys(value: Iterable[str]) -> tuple[str, ...]:
    """Public keys without blanks around, in one order.

    Raises:
        ValueError: one is none.
    """
    keys = {key.strip() for key in value}
    for key in sorted(keys):
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"'{key[:40]}' is no public key; write one line such as 'ssh-ed25519 AAAA… anna'"
            )
    return tuple(sorted(keys))


def mebibytes(value: int) -> int:
    """A size that Proxmox can keep.

    Raises:
        ValueError: it is none.
    """
    if value % MIB:
        raise ValueError("the size is a multiple of 1MiB")
    return value


def memory(value: int) -> int:
    """Memory that Proxmox gives to a guest.

    Raises:
        ValueError: it is too little, or cannot be kept.
    """
    if value % MIB or value < 16 * MIB:
        raise ValueError("memory is a multiple of 1MiB and at least 16MiB")
    return value


Mebibytes = Annotated[Bytes, AfterValidator(mebibytes)]
Memory = Annotated[Bytes, AfterValidator(memory)]
Tags = Annotated[tuple[str, ...], AfterValidator(tags)]
PublicKeys = Annotated[tuple[str, ...], AfterValidator(public_keys)]


class GuestSpec(Spec):
    """A guest of either type, as far as Proxmox keeps both alike."""

    also_called: ClassVar[Mapping[str, str]] = {
        "cpus": "cores",
        "ram": "memory",
        "mem": "memory",
        "networks": "nics",
        "net": "nics",
        "id": "vmid",
        "os": "osType",
    }

    node: str | None = described(
        "Node that the guest is created on; may be left out when the cluster has only one. Where it is moved later is "
        "no drift.",
        None,
        pattern=NODE,
        examples=["pve1"],
    )
    placement: Placement | None = described(
        "Which nodes the guest may be on, in place of one node; it is made on one of them, and comes back to one.",
        None,
        examples=[{"nodes": ["pve1", "pve2"]}],
    )
    vmid: int | None = described(
        "Fixed id of the guest; without it the lowest free id of the cluster's range is reserved.",
        None,
        ge=100,
        le=999_999_999,
    )
    pool: str | None = described(
        "Pool that the guest belongs to, which must be there; null for none.", None, pattern=POOL
    )
    dns: tuple[Names, ...] = described(
        "Names in DNS that it asks for; the zones give them its addresses.",
        (),
        examples=[[{"zone": "example.org"}]],
    )
    host: GuestHost | None = described(
        "The host that the guest is, entered over SSH: makes a Host of the same name; `{}` is enough where the defaults of "
        "Host name the key.",
        None,
        examples=[{}],
    )
    description: str = described(
        "Notes shown in Proxmox; our mark is added as the last line.", "", max_length=7500
    )
    tags: Tags = described(
        f"Tags shown in Proxmox, without order and in lower case; the tag '{TAG}' is always added.", ()
    )
    onboot: bool = described("Whether the guest starts with its node.", default=False)
    startup: Startup = described(
        "When it starts and stops with its node; the token needs Sys.Modify on /.", default_factory=Startup
    )
    protection: bool = described(
        "Whether Proxmox refuses to remove the guest and its volumes.", default=False
    )
    hook_script: str | None = described(
        "Volume of a script that runs when it starts and stops; null for none. Only root with a password may set it.",
        None,
        pattern=VOLUME,
    )
    power: Power | None = described(
        "Whether the guest runs; left out, its power state is not touched and a new one stays off.", None
    )
    force_stop: bool = described(
        "Whether a guest that is to be stopped and does not shut down within 3 minutes is switched off.",
        default=False,
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.node is not None and self.placement is not None:
            raise ValueError("node and placement both say where the guest is made; leave out one of them")
        return self
