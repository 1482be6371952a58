"""What a person writes about a host: where it is entered, as whom, which key it shows, and what is too much for it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from pydantic import field_validator, model_validator

from setpoint.model.quantity import Duration
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_nixos.ssh.access import PORT, public_key

_ADDRESS: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_USER: Final = r"^[a-z_][a-z0-9_-]{0,31}$"


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"'{value}' is no address; write a name or an address alone, user and port apart")
    return value


def _host_key(value: str) -> str:
    """Without its comment, which is no part of it."""
    public_key(value)
    return " ".join(value.split()[:2])


class Jump(Spec):
    """A host that is passed on the way."""

    address: str = described("Its name or address.")
    port: int = described("Where its sshd listens.", PORT, ge=1, le=65535)
    user: str = described("As whom it is entered.", "root", pattern=_USER)
    host_key: str = described("The public key that it shows: type and base64.")
    key: SecretRef | None = described(
        "Where the private key to enter it is found; the same as for the host itself when left out.", None
    )
    passphrase: SecretRef | None = described(
        "Where the passphrase of that key is found, if it has one.", None
    )

    _plain_address = field_validator("address")(_address)
    _sound_key = field_validator("host_key")(_host_key)

    @model_validator(mode="after")
    def _own_passphrase(self) -> Jump:
        if self.passphrase is not None and self.key is None:
            raise ValueError("passphrase opens key, which is not written; write both or neither")
        return self


class Watch(Spec):
    """What is too much for a host, and what is nothing to speak of."""

    full: int = described(
        "Percent of a filesystem, or of its inodes, from which on it is a problem.", 90, ge=1, le=100
    )
    filling: Duration = described(
        "A filesystem that would be full within this time, if it goes on to grow as it does, is a problem.",
        timedelta(days=3),
    )
    scrub: Duration = described(
        "A pool of ZFS, a btrfs or an array of md whose last scrub is longer ago is a problem.",
        timedelta(days=45),
    )
    clock: Duration = described("By how much its clock may be off.", timedelta(seconds=5))
    units: tuple[str, ...] = described(
        "Units that may fail, with * and ?: in an LXC container sys-kernel-debug.mount always does.",
        (),
        examples=[["sys-kernel-debug.mount"]],
    )
    paths: tuple[str, ...] = described(
        "Paths whose size is measured, to see which of them grow; reading large trees takes longer than a look may.",
        (),
        examples=[["/var/log", "/var/lib/postgresql"]],
    )

    @field_validator("paths")
    @classmethod
    def _absolute(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for path in value:
            if not path.startswith("/"):
                raise ValueError(f"'{path}' is no absolute path; begin with a slash")
        return value


class HostSpec(Spec):
    """A machine that is reached over SSH."""

    address: str = described("Its name or address.", examples=["192.0.2.10", "web01.example.org"])
    port: int = described("Where its sshd listens.", PORT, ge=1, le=65535)
    user: str = described("As whom it is entered.", "root", pattern=_USER)
    key: SecretRef = described("Where the private key to enter it is found.")
    passphrase: SecretRef | None = described("Where the passphrase of the key is found, if it has one.", None)
    host_key: str = described(
        "The public key that it shows, as in its /etc/ssh/ssh_host_ed25519_key.pub: type and base64. Another one is "
        "never accepted.",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQZI5ioto6X7+Ai1aDzs9UsTJKpsWAbs6xzAPmD7q3l"],
    )
    jump: tuple[Jump, ...] = described("Hosts that are passed on the way, the nearest first.", ())
    watch: Watch = described("What is too much for it.", Watch())

    _plain_address = field_validator("address")(_address)
    _sound_key = field_validator("host_key")(_host_key)
