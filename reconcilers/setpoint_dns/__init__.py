"""What Setpoint knows about DNS: servers of several makes, and the zones on them."""

from __future__ import annotations

from setpoint.model.kind import System
from setpoint_dns.inventory import netbox
from setpoint_dns.kinds import dns_records, dns_server, dns_zone
from setpoint_dns.stock import ENTRANCES

SYSTEM = System(
    "nameservice",
    (dns_server.KIND, dns_zone.KIND, dns_records.KIND),
    entrances=ENTRANCES,
    lends={"netbox": netbox},
)
