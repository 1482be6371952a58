"""How a declared server is reached, and what the engine asks of every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint.model.kind import Gate
from setpoint.model.plan import Finished, Intent, OperationState
from setpoint.model.secret import Secret, SecretRef
from setpoint_dns.endpoint import place
from setpoint_dns.kinds.dns_server.spec import DnsServerSpec, PowerdnsAccess, UpdateAccess
from setpoint_dns.powerdns.access import Access
from setpoint_dns.powerdns.server import PowerdnsServer
from setpoint_dns.reach import Reach
from setpoint_dns.rfc2136.server import Rfc2136Server
from setpoint_dns.rfc2136.stream import Endpoint
from setpoint_dns.rfc2136.wire import Tsig

WRITES: Final = "writes"
"""The scope of steps that change a server."""
_KEY: Final = "key"


def connect(spec: DnsServerSpec, secrets: Mapping[str, Secret], gate: Gate) -> Reach:
    """Make a client; nothing is sent."""
    if spec.powerdns is not None:
        return Reach(PowerdnsServer(_api(spec.powerdns, secrets[_KEY]), gate), gate, spec.secondaries)
    assert spec.rfc2136 is not None  # noqa: S101  # the spec has one of the two
    endpoint, tsig = _wire(spec.rfc2136, secrets[_KEY])
    return Reach(Rfc2136Server(endpoint, tsig, gate), gate, spec.secondaries)


def _api(access: PowerdnsAccess, key: Secret) -> Access:
    return Access(
        access.endpoint, key, str(access.key), access.server, access.ca or "", access.fingerprint or ""
    )


def _wire(access: UpdateAccess, secret: Secret) -> tuple[Endpoint, Tsig]:
    return Endpoint(*place(access.endpoint)), Tsig(access.key.name, access.key.algorithm, secret)


def secrets(spec: DnsServerSpec) -> Mapping[str, SecretRef]:
    """The API's key, or the secret of the TSIG key."""
    if spec.powerdns is not None:
        return {_KEY: spec.powerdns.key}
    assert spec.rfc2136 is not None  # noqa: S101  # the spec has one of the two
    return {_KEY: spec.rfc2136.key.secret}


def budget(_: DnsServerSpec, scope: str) -> int:
    """One writer per server: neither HTTP nor the database behind it tells who was overtaken."""
    return 1 if scope == WRITES else 2


async def poll(_reach: Reach, _operation: str) -> OperationState:
    """Nothing goes on after its call was answered."""
    return Finished()


async def find(_reach: Reach, _intent: Intent) -> str | None:
    """No step leaves an operation."""
    return None


async def close(reach: Reach) -> None:
    """Give sockets back."""
    await reach.server.close()
