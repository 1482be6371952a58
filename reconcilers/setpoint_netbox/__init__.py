"""What Setpoint knows about NetBox: an inventory in which people declare what a repository would declare."""

from __future__ import annotations

from setpoint.model.kind import System

SYSTEM = System("netbox", ())
