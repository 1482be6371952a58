"""How a declared host is reached, and what the engine asks of every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.kind import Gate
from setpoint.model.secret import Secret, SecretRef
from setpoint_nixos.kinds.host.spec import HostSpec
from setpoint_nixos.reach import Reach
from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.session import Session

_KEY: Final = "key"
_PASSPHRASE: Final = "passphrase"  # noqa: S105  # the name of one


def connect(spec: HostSpec, secrets: Mapping[str, Secret], gate: Gate) -> Reach:
    """Make a client; nothing is sent."""
    return Reach(Session(access(spec, secrets), gate), spec.watch.paths)


def access(spec: HostSpec, secrets: Mapping[str, Secret]) -> Access:
    """The way to a host."""
    via: Access | None = None
    for number, jump in enumerate(spec.jump):
        via = Access(
            jump.address,
            jump.user,
            jump.host_key,
            secrets.get(f"jump.{number}.{_KEY}", secrets[_KEY]),
            jump.port,
            secrets.get(f"jump.{number}.{_PASSPHRASE}") if jump.key else secrets.get(_PASSPHRASE),
            via,
        )
    return Access(
        spec.address, spec.user, spec.host_key, secrets[_KEY], spec.port, secrets.get(_PASSPHRASE), via
    )


def secrets(spec: HostSpec) -> Mapping[str, SecretRef]:
    """The keys to get in with, and what opens them."""
    named = {_KEY: spec.key, _PASSPHRASE: spec.passphrase}
    for number, jump in enumerate(spec.jump):
        named |= {f"jump.{number}.{_KEY}": jump.key, f"jump.{number}.{_PASSPHRASE}": jump.passphrase}
    return {name: ref for name, ref in named.items() if ref is not None}


def budget(_: HostSpec, scope: str) -> int:
    """A host does one thing at a time that changes it, and takes two that only need it."""
    return 1 if scope else 2


async def close(reach: Reach) -> None:
    """Give the connection back."""
    await reach.close()
