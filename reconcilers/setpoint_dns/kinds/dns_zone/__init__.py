"""The kind DnsZone: a zone with its records, settings and signing."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_dns.kinds.dns_zone.act import ACTS
from setpoint_dns.kinds.dns_zone.compute import compute
from setpoint_dns.kinds.dns_zone.describe import describe, identity, untold
from setpoint_dns.kinds.dns_zone.entry import entry
from setpoint_dns.kinds.dns_zone.gather import GATHERING
from setpoint_dns.kinds.dns_zone.observe import observe
from setpoint_dns.kinds.dns_zone.plan import plan, remark, remove
from setpoint_dns.kinds.dns_zone.project import TREATMENTS, declare, exclusive, project
from setpoint_dns.kinds.dns_zone.spec import NAMES, DnsZoneSpec, origin_of
from setpoint_dns.kinds.dns_zone.state import ZoneOutputs, ZoneState, problems, publish, status, title

KIND: Kind[DnsZoneSpec, ZoneState] = Kind(
    name="DnsZone",
    summary="A zone on a DNS server, with its records.",
    spec=DnsZoneSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.zone is None else {"zone": f"{spec.zone}."},
    named=lambda key: {"zone": origin_of(key)},
    named_for_good=True,
    object_id=lambda identity: str(identity["zone"]),
    acts=ACTS,
    treatments=TREATMENTS,
    exclusive=exclusive,
    names=NAMES,
    hosted_by="DnsServer",
    mark=remark,
    remove=remove,
    stateful=True,
    problems=problems,
    status=status,
    compute=compute,
    gathers=GATHERING,
    entry=entry,
    outputs=ZoneOutputs,
    publish=publish,
    identity=identity,
    title=title,
    describe=describe,
    untold=untold,
    examples=examples(__name__),
)
