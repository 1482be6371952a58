"""What a person writes of records that belong to a zone declared elsewhere."""

from __future__ import annotations

from typing import Annotated

from setpoint.model.reference import Reference
from setpoint.model.spec import described
from setpoint_dns.records.spec import RecordsSpec


class DnsRecordsSpec(RecordsSpec):
    """Records for a zone, beside those that the zone declares itself."""

    zone: Annotated[str, Reference("DnsZone")] = described(
        "The DnsZone that gets them, and with it every other view of that zone, as `views` of each record say.",
        examples=["example.org"],
    )
