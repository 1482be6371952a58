"""What Setpoint knows about DNS: servers of several makes, and the zones on them."""

from __future__ import annotations

from setpoint.model.kind import System

SYSTEM = System("dns", ())
