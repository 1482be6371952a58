"""What a person writes about any guest. Neighbour: `texts`, the forms of names and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from setpoint.model.quantity import Duration
from setpoint.model.spec import Spec, described
from setpoint_proxmox.mark import TAG

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
