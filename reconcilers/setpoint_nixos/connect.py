"""How a declared host is reached, and what the engine asks of every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.errors import RefusalError
from setpoint.model.handed import FromOutput
from setpoint.model.kind import Gate
from setpoint.model.secret import Secret, SecretRef
from setpoint_nixos.kinds.host.spec import HostSpec
from setpoint_nixos.kinds.host.spec_way import InContainer, ThroughHost
from setpoint_nixos.reach import Reach
from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.session import Session

_KEY: Final = "key"
_PASSPHRASE: Final = "passphrase"  # noqa: S105  # the name of one


def connect(spec: HostSpec, secrets: Mapping[str, Secret], gate: Gate) -> Reach:
    """Make a client; nothing is sent."""
    made = spec.incarnation if isinstance(spec.incarnation, str) else ""
    return Reach(Session(access(spec, secrets), gate), spec.watch.paths, made)


def access(spec: HostSpec, secrets: Mapping[str, Secret]) -> Access:
    """The way to a host.

    Raises:
        RefusalError: others have to publish a part of it.
    """
    via: Access | None = None
    for number, jump in enumerate(spec.jump):
        if isinstance(jump, ThroughHost):
            raise _awaited(jump)
        via = Access(
            jump.address,
            jump.user,
            jump.host_key,
            secrets.get(f"jump.{number}.{_KEY}", secrets[_KEY]),
            jump.port,
            secrets.get(f"jump.{number}.{_PASSPHRASE}") if jump.key else secrets.get(_PASSPHRASE),
            via,
        )
    container = _told(spec.host_key.container) if isinstance(spec.host_key, InContainer) else ""
    return Access(
        _told(spec.address),
        spec.user,
        "" if isinstance(spec.host_key, InContainer) else _told(spec.host_key),
        secrets[_KEY],
        spec.port,
        secrets.get(_PASSPHRASE),
        via,
        container,
    )


def _told(value: str | FromOutput) -> str:
    if isinstance(value, FromOutput):
        raise _awaited(value)
    return value


def _awaited(taken: FromOutput) -> RefusalError:
    return RefusalError(
        f"it is reached by what {taken.giver.kind}/{taken.giver} publishes as {taken.output}, which only the daemon knows",
        remedy="see setpoint status of both",
    )


def secrets(spec: HostSpec) -> Mapping[str, SecretRef]:
    """The keys to get in with, and what opens them."""
    named = {_KEY: spec.key, _PASSPHRASE: spec.passphrase}
    for number, jump in enumerate(spec.jump):
        if isinstance(jump, ThroughHost):
            continue
        named |= {f"jump.{number}.{_KEY}": jump.key, f"jump.{number}.{_PASSPHRASE}": jump.passphrase}
    return {name: ref for name, ref in named.items() if ref is not None}


def budget(_: HostSpec, scope: str) -> int:
    """A host does one thing at a time that changes it, and takes two that only need it."""
    return 1 if scope else 2


async def close(reach: Reach) -> None:
    """Give the connection back."""
    await reach.close()
