"""The kind DnsServer: a server, or one view of it, on which zones are written."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind, TargetPort
from setpoint_dns.connect import budget, close, connect, find, poll, secrets
from setpoint_dns.doctor import examine
from setpoint_dns.kinds.dns_server.spec import DnsServerSpec
from setpoint_dns.kinds.dns_server.state import ServerState, observe, project, status
from setpoint_dns.stock import listing
from setpoint_dns.survey import survey

KIND: Kind[DnsServerSpec, ServerState] = Kind(
    name="DnsServer",
    summary="A DNS server, or one view of it, on which zones are written.",
    spec=DnsServerSpec,
    declare=lambda _: {},
    project=project,
    observe=observe,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["id"]),
    port=TargetPort(connect, survey, poll, find, close, secrets, budget, examine, listing),
    status=status,
    examples=examples(__name__),
)
