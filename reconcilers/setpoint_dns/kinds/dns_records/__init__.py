"""The kind DnsRecords: records that belong to a zone declared elsewhere."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.gather import Ask
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint_dns.asks import RECORDS, records_ask
from setpoint_dns.kinds.dns_records.spec import DnsRecordsSpec
from setpoint_dns.kinds.dns_records.state import RecordsState, observe, project, status


def asks(_: Key, spec: DnsRecordsSpec) -> tuple[Ask, ...]:
    """All of them, as they were written."""
    tree = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return (records_ask(_zone(str(spec.zone)), tree["records"], RECORDS),) if spec.records else ()


def _zone(text: str) -> str:
    """The name without a namespace, which has no dot; a slash may also stand in the name of a reverse zone."""
    first, slash, rest = text.partition("/")
    return rest if slash and "." not in first and not first.isdecimal() else text


KIND: Kind[DnsRecordsSpec, RecordsState] = Kind(
    name="DnsRecords",
    summary="Records that belong to a zone declared elsewhere.",
    spec=DnsRecordsSpec,
    declare=lambda _: {},
    project=project,
    observe=observe,
    plan=lambda _found, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["name"]),
    asks=asks,
    status=status,
    examples=examples(__name__),
)
