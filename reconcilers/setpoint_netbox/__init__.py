"""What Setpoint knows about NetBox: an inventory in which people declare what a repository would declare."""

from __future__ import annotations

from typing import Any

from setpoint.model.inventory import Inventory, InventoryType, Opening
from setpoint.model.kind import System
from setpoint_netbox.settings import NetBoxSettings


def _open(settings: Any, opening: Opening) -> Inventory:
    from setpoint_netbox.inventory import NetBoxInventory  # noqa: PLC0415  # every verb loads systems, and few of them this

    return NetBoxInventory(settings, opening)


SYSTEM = System("netbox", (), inventory=InventoryType(NetBoxSettings, _open))
