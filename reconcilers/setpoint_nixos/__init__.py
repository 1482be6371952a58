"""What Setpoint knows about NixOS: hosts over SSH, and the systems that run on them."""

from __future__ import annotations

from setpoint.model.kind import System
from setpoint_nixos.kinds import host, nixos_host
from setpoint_nixos.nix.workshop import Budgets, Work
from setpoint_nixos.shop import apportion

SYSTEM = System(
    "nixos",
    (host.KIND, nixos_host.KIND),
    work={work.value: Budgets().of(work) for work in Work},
    apportion=apportion,
)
