"""How the replies of each system are read, by the name of its folder of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.netbox.dialect import NETBOX
from tests.conformance.proxmox import PROXMOX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.dialect import Dialect

DIALECTS: Mapping[str, Dialect] = {"pve": PROXMOX, "netbox": NETBOX}
