"""What Setpoint knows about NixOS: hosts over SSH, and the systems that run on them."""

from __future__ import annotations

from setpoint.model.kind import System
from setpoint_nixos.kinds import host, nixos_host

SYSTEM = System("nixos", (host.KIND, nixos_host.KIND))
