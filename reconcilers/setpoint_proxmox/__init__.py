"""What Setpoint knows about Proxmox VE."""

from __future__ import annotations

from setpoint.model.kind import System
from setpoint_proxmox.inventory import netbox
from setpoint_proxmox.kinds import (
    backup_job,
    container,
    firewall,
    guest_image,
    ha_resource,
    ha_rule,
    network,
    pool,
    proxmox_cluster,
    virtual_machine,
)
from setpoint_proxmox.skeleton import skeleton
from setpoint_proxmox.stock import ENTRANCE

SYSTEM = System(
    "proxmox",
    (
        proxmox_cluster.KIND,
        virtual_machine.KIND,
        container.KIND,
        pool.KIND,
        network.KIND,
        firewall.KIND,
        guest_image.KIND,
        backup_job.KIND,
        ha_resource.KIND,
        ha_rule.KIND,
    ),
    skeleton,
    {"proxmox": ENTRANCE},
    lends={"netbox": netbox},
)
