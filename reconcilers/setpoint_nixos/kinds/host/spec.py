"""What a person writes about a host: where it is entered, as whom, which key it shows, and what is too much for it."""

from __future__ import annotations

from datetime import timedelta

from pydantic import field_validator, model_validator

from setpoint.model.handed import FromOutput
from setpoint.model.quantity import Duration
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_nixos.kinds.host.spec_way import USER, InContainer, Jump, ThroughHost, plain_address, sound_key
from setpoint_nixos.ssh.access import PORT


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

    address: str | FromOutput = described(
        "Its name or address; `{from: KIND/NAME, output: PATH}` takes what another resource publishes.",
        examples=["192.0.2.10", "web01.example.org"],
    )
    port: int = described("Where its sshd listens.", PORT, ge=1, le=65535)
    user: str = described("As whom it is entered.", "root", pattern=USER)
    key: SecretRef = described("Where the private key to enter it is found.")
    passphrase: SecretRef | None = described("Where the passphrase of the key is found, if it has one.", None)
    host_key: str | FromOutput | InContainer = described(
        "The public key that it shows, as in its /etc/ssh/ssh_host_ed25519_key.pub: type and base64. Another one is "
        "never accepted. `{from: KIND/NAME, output: PATH}` takes what another resource publishes, `{container: NUMBER}` what "
        "its node reads out of it.",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQZI5ioto6X7+Ai1aDzs9UsTJKpsWAbs6xzAPmD7q3l"],
    )
    incarnation: str | FromOutput | None = described(
        "Which making of the host this is, where others tell its key: with another one, another key and machine id are "
        "right; with the same one they are held.",
        None,
    )
    jump: tuple[Jump | ThroughHost, ...] = described(
        "Hosts that are passed on the way, the nearest first; `{host: NAME}` for a declared Host, entered with the same key.",
        (),
        examples=[[{"host": "pve1"}]],
    )
    watch: Watch = described("What is too much for it.", Watch())

    @field_validator("address")
    @classmethod
    def _plain_address(cls, value: str | FromOutput) -> str | FromOutput:
        return plain_address(value) if isinstance(value, str) else value

    @field_validator("host_key")
    @classmethod
    def _sound_key(cls, value: str | FromOutput | InContainer) -> str | FromOutput | InContainer:
        return sound_key(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _told(self) -> HostSpec:
        if not isinstance(self.host_key, str) and self.incarnation is None:
            raise ValueError(
                "hostKey is told by others, so incarnation has to tell when it may change; add it"
            )
        if isinstance(self.host_key, InContainer) and not self.jump:
            raise ValueError("the node of a container tells its hostKey; name the Host of the node in jump")
        return self
