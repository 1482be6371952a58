"""What a person writes about the way to a host: its address and its key, and the hosts that are passed before it."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import field_serializer, field_validator, model_validator

from setpoint.model.handed import FromOutput
from setpoint.model.reference import Reference
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_nixos.ssh.access import PORT, public_key

USER: Final = r"^[a-z_][a-z0-9_-]{0,31}$"
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_WAY: Final = re.compile(
    r"(?P<user>[^@ ]+)@(\[(?P<v6>[^] ]+)\]|(?P<name>[^:@ ]+))(:(?P<port>\d+))? (?P<key>\S+ \S+)"
)
"""As `Access` writes it."""


def plain_address(value: str) -> str:
    """An address alone.

    Raises:
        ValueError: it is none.
    """
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"'{value}' is no address; write a name or an address alone, user and port apart")
    return value


def sound_key(value: str) -> str:
    """A public key without its comment, which is no part of it.

    Raises:
        ValueError: it is none.
    """
    public_key(value)
    return " ".join(value.split()[:2])


class Jump(Spec):
    """A host that is passed on the way."""

    address: str = described("Its name or address.")
    port: int = described("Where its sshd listens.", PORT, ge=1, le=65535)
    user: str = described("As whom it is entered.", "root", pattern=USER)
    host_key: str = described("The public key that it shows: type and base64.")
    key: SecretRef | None = described(
        "Where the private key to enter it is found; the same as for the host itself when left out.", None
    )
    passphrase: SecretRef | None = described(
        "Where the passphrase of that key is found, if it has one.", None
    )

    _plain_address = field_validator("address")(plain_address)
    _sound_key = field_validator("host_key")(sound_key)

    @model_validator(mode="before")
    @classmethod
    def _told(cls, given: object) -> object:
        """What another Host publishes as its access is a text."""
        found = _WAY.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            return given
        return {
            "user": found["user"],
            "address": found["v6"] or found["name"],
            "port": int(found["port"] or PORT),
            "hostKey": found["key"],
        }

    @model_validator(mode="after")
    def _own_passphrase(self) -> Jump:
        if self.passphrase is not None and self.key is None:
            raise ValueError("passphrase opens key, which is not written; write both or neither")
        return self


class ThroughHost(FromOutput):
    """A declared Host that is passed on the way, entered with the key of the host itself."""

    source: Annotated[str, Reference("Host")] = described("The Host.", alias="host", examples=["pve1"])
    output: str = described("What it publishes about how it is entered.", "access", pattern="^access$")

    @field_serializer("source")
    def _written(self, source: str) -> str:
        return str(source)


class InContainer(Spec):
    """The key of a container of Proxmox VE, which the last host of the way reads out of it: its node."""

    container: str | FromOutput = described("Its number, or what publishes that.", examples=["200"])

    @field_validator("container")
    @classmethod
    def _number(cls, value: str | FromOutput) -> str | FromOutput:
        if isinstance(value, str) and not re.fullmatch(r"[1-9]\d{2,8}", value):
            raise ValueError(f"'{value}' is no number of a container; write e.g. \"200\"")
        return value
