"""What Setpoint knows about NetBox: an inventory in which people declare what a repository would declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from setpoint.model.examine import Check
from setpoint.model.inventory import Inventory, InventoryType, Opening
from setpoint.model.kind import System
from setpoint_netbox.settings import NetBoxSettings


def _open(settings: Any, opening: Opening) -> Inventory:
    from setpoint_netbox.inventory import NetBoxInventory  # noqa: PLC0415  # every verb loads systems, and few of them this

    return NetBoxInventory(settings, opening)


def _examine(settings: Any, opening: Opening) -> Iterator[Check]:
    from setpoint_netbox.verbs.checks import examine  # noqa: PLC0415  # likewise

    return examine(settings, opening)


SYSTEM = System("netbox", (), inventory=InventoryType(NetBoxSettings, _open, _examine))
