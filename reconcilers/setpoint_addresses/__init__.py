"""Addresses that Setpoint hands out itself."""

from __future__ import annotations

from setpoint.model.kind import System
from setpoint_addresses.inventory import netbox
from setpoint_addresses.kinds import address_pool

SYSTEM = System("addressing", (address_pool.KIND,), lends={"netbox": netbox})
