"""What is seen of a DNS server."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.diff import Projection
from setpoint.model.kind import Looking
from setpoint.model.observation import Present
from setpoint.model.tree import Json
from setpoint_dns.facts import Facts
from setpoint_dns.kinds.dns_server.spec import DnsServerSpec
from setpoint_dns.server import Can


@dataclass(frozen=True)
class ServerState:
    """A server as its survey shows it.

    Attributes:
        version: make and version.
        zones: how many it lists; None where it lists none.
        ours: how many of them bear a mark.
    """

    version: str
    zones: int | None
    ours: int
    can: Can


async def observe(_: object, looking: Looking[DnsServerSpec]) -> Present[ServerState]:
    """A server is its survey; whatever could not be asked at all has raised there."""
    facts: Facts = looking.survey.facts
    state = ServerState(
        version=facts.version,
        zones=len(facts.rows) if Can.LIST in facts.can else None,
        ours=sum(row.mark is not None for row in facts.rows.values()),
        can=facts.can,
    )
    return Present(state, {"id": looking.survey.target_id}, None)


def project(_: ServerState) -> Projection:
    """Nothing is compared: the declaration says how to reach the server, not how it should be."""
    return Projection({})


def status(state: ServerState) -> dict[str, Json]:
    """What `status` shows."""
    listed: dict[str, Json] = {} if state.zones is None else {"zones": state.zones, "marked": state.ours}
    return {"version": state.version, **listed}
